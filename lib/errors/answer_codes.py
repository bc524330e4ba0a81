"""What is wrong with answers to the criteria of a scorecard, and what would be right: codes, as `codes` has them."""

from __future__ import annotations

from lib.errors.codes import TextCode


class AnswerCode(TextCode):
    """Why answers can't be loaded."""

    CRITERION_IN_TWO_SECTIONS = (
        "criterion_in_two_sections",
        "Nothing was loaded: the criterion '{name}' is in the section '{one}' and in the section '{other}'; a "
        "criterion of a form should be in one.",
    )
    TOO_MANY_CRITERIA = "too_many_criteria", "Nothing was loaded: there would be more than {most} criteria."
    ANSWERS_WITHOUT_EVALUATION = (
        "answers_without_evaluation",
        "Nothing was loaded: {count} of {total} answers are of evaluations that are not there, such as {examples}. "
        "Import the evaluations first, or mend the ids.",
    )
    EVALUATION_WITH_TOO_MANY_ANSWERS = (
        "evaluation_with_too_many_answers",
        "Nothing was loaded: an evaluation has {count} answers, of {most} at most.",
    )
    SECTIONS_CHANGED = (
        "sections_changed",
        "Criteria that are in another section now, for all evaluations: {count}, such as {examples}.",
    )
    ANSWERS_TWICE = (
        "answers_twice",
        "{count} answers came twice for one evaluation and criterion; the last of each stands.",
    )
