"""What jobs are doing, and why they failed, in words."""

from __future__ import annotations

from lib.errors import FAILURE_TEXTS
from lib.i18n import t
from lib.store.messages import JobStep, Message

STEP_TEXTS = {
    JobStep.READING: "reading ({rows} rows read)",
    JobStep.COMPARING: "comparing ({rows} rows read)",
    JobStep.LOADING: "loading ({rows} rows read)",
    JobStep.MAKING_ROWS: "{done} of {total} rows made",
    JobStep.CHECKING_ROLLUPS: "recomputing the rollup",
    JobStep.REPAIRING: "computing it anew",
    JobStep.WRITING_ROWS: "{done} of {total} rows",
    JobStep.WRITING_ABOUT_ROWS: "about {done} of {total} rows",
    JobStep.CHECKING_FILE: "checking the file",
    JobStep.READING_STATE: "reading the state",
    JobStep.COPYING_EVALUATIONS: "{done} of {total} evaluations",
    JobStep.WRITING_FILE: "writing it to the disk",
    JobStep.VERIFYING_BACKUP: "verifying the backup",
    JobStep.COMPUTING_DAYS: "computing the days",
    JobStep.COMPUTING_ROLLUPS: "computing the rollups",
    JobStep.WRITING_CHANGES: "writing the changes",
    JobStep.SWAPPING: "putting it in place",
}
"""The message id of each step; names in braces are its values."""


def in_words(message: Message) -> str:
    """Return a message in the language in use."""
    code = message.code
    return t(STEP_TEXTS[code] if isinstance(code, JobStep) else FAILURE_TEXTS[code], **message.values)
