"""What an import warns of, and why one can't be undone: codes, as `codes` has them for failures."""

from __future__ import annotations

from lib.errors.codes import TextCode


class ImportCode(TextCode):
    """What is odd about an import that went through, and why it can't be taken back."""

    # What an import warns of.
    WARN_FUTURE = "warn_future", "{name}: rows dated in the future: {count}, the latest on {last}."
    WARN_SCALE = (
        "warn_scale",
        "{name}: none of {count} scores is above {most}. If they are on a scale up to {most}, right would be a mapping "
        "of averageNote with scale = {scale}.",
    )
    WARN_UNKEPT = "warn_unkept", "{name}: columns that are not kept: {columns}."
    WARN_NO_ANSWERS = (
        "warn_no_answers",
        "{name}: the mapping says where answers to criteria are, and no row has any.",
    )
    WARN_PART_UNMET = (
        "warn_part_unmet",
        "{name}: {part} of the mapping's [results] should come from '{path}', which no answer has.",
    )
    WARN_UNNAMED = (
        "warn_unnamed",
        "{name}: columns without a name hold something and are not kept: {columns}. Right would be a name in the "
        "header.",
    )
    WARN_RENAMED = (
        "warn_renamed",
        "{column}: known ids that have another name now, in all their evaluations: {count}, such as {examples}.",
    )
    WARN_REPEATED = (
        "warn_repeated",
        "Rows whose id a later row of the import has, too: {count}, of which {different} differ from it; only the last "
        "of each id stands. Such ids are {examples}.",
    )
    WARN_REPLACED = (
        "warn_replaced",
        "Evaluations that were known, and were replaced by rows that differ: {count}, such as {examples}.",
    )
    WARN_ALIKE = "warn_alike", "{column}: names that differ by case or accents alone ({count}): {examples}."
    WARN_BUSY = (
        "warn_busy",
        "Days with ten times the usual rows, or more ({count}; usual are {usual}): {examples}.",
    )

    # Undoing an import, and deleting everything.
    UNDO_UNKNOWN = "undo_unknown", "There is no import '{id}'. Right would be an id that callboard imports list shows."
    UNDO_DONE = "undo_done", "The import {id} was undone already, on {when}."
    UNDO_NOTHING = "undo_nothing", "The import {id} changed nothing, so there is nothing to undo."
    UNDO_EARLIER = (
        "undo_earlier",
        "The import {id} can't be undone: it was loaded by an earlier version, which did not keep what it replaced.",
    )
    UNDO_TOO_OLD = (
        "undo_too_old",
        "The import {id} can't be undone any more: what it replaced is deleted after 90 days.",
    )
    UNDO_REPLACED = (
        "undo_replaced",
        "The import {id} can't be undone any more: other data have taken the place of all that there was.",
    )
    UNDO_DELETED = "undo_deleted", "The import {id} can't be undone any more: all data were deleted."
    UNDO_CHANGED_SINCE = (
        "undo_changed_since",
        "The import {id} can't be undone while later imports ({count}) hold evaluations that were its own: {imports}. "
        "Right would be to undo those first, the newest first.",
    )
    DELETE_OTHER_NAME = (
        "delete_other_name",
        "Nothing was deleted: the name does not match. Right would be '{name}', as CALLBOARD_NAME says.",
    )
