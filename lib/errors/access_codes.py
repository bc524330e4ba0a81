"""Why a job is not done for who asked for it: codes, as `codes` has them."""

from __future__ import annotations

from lib.errors.codes import TextCode


class AccessCode(TextCode):
    """What is wrong with who asked, when what they asked for is to be done."""

    ASKER_GONE = "asker_gone", "Who asked for it is not known any more, so it was not done."
    ASKER_WITHOUT_ACCESS = "asker_without_access", "Who asked for it may not do so any more, so it was not done."
    ASKER_KEY_ENDED = (
        "asker_key_ended",
        "The API key that asked for it was revoked or has expired, so it was not done.",
    )
