"""What archives of old evaluations can't do, and what would be right: codes, as `codes` has them."""

from __future__ import annotations

from lib.errors.codes import TextCode


class ArchiveCode(TextCode):
    """Why evaluations can't be archived or brought back, or why something has to wait until they are."""

    ARCHIVE_NOTHING = (
        "archive_nothing",
        "No month before {before} holds evaluations, so there is nothing to archive. Only whole months are taken.",
    )
    ARCHIVE_LOCATION = (
        "archive_location",
        "'{location}' can't be where archives go: {why}. Right would be a folder, or s3://bucket/prefix?endpoint=….",
    )
    ARCHIVE_UNWRITTEN = "archive_unwritten", "The archive of {month} can't be written: {why}. Nothing of it was taken."
    ARCHIVE_UNREADABLE = (
        "archive_unreadable",
        "The archive of {month} can't be read: {why}. Its evaluations are in '{file}'; right would be to put that file "
        "back.",
    )
    NOT_ARCHIVED = "not_archived", "{month} is not archived. Archived are: {months}."
    NONE_ARCHIVED = "none_archived", "{month} is not archived; no month is."
    ARCHIVED_IN_THE_WAY = (
        "archived_in_the_way",
        "That can't be done while evaluations are archived: {months}. Right would be to bring them back first: "
        "callboard archive --restore MONTH, for each of them.",
    )
