"""What a page's help says: topics in plain words, and what the metrics are. docs/statistics.md has the methods."""

from __future__ import annotations

from dataclasses import dataclass

from lib.catalog.catalog import Catalog
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.reports.words import Words, text


@dataclass(frozen=True, slots=True)
class Topic:
    """What is explained, and what it means."""

    title: Words
    meaning: Words


INTERVAL = Topic(
    text("95 % CI"),
    text(
        "If the period went on with the same executives and the same kinds of days, the value would end up in this "
        "range in 95 of 100 cases. The fewer evaluations it rests on (n), the wider the range."
    ),
)
CHANGE = Topic(
    text("▲, ▼ and ≈"),
    text(
        "▲ and ▼ mark a change that is statistically significant; the color says whether it is for the better. ≈ marks "
        "one that is not: chance alone may explain it. Counts are not tested, nor is a value of fewer than {few} "
        "evaluations.",
        few=FEW_EVALUATIONS,
    ),
)
COVERAGE = Topic(
    text("Coverage"),
    text(
        "A page warns when clearly more or fewer evaluations are completed or scored than in the other period, because "
        "scores of other kinds of calls are hard to compare."
    ),
)
SMALL_SAMPLE = Topic(
    text("Small samples"),
    text(
        "What rests on fewer than {few} scored evaluations is marked, and has no rank: a single call would change it "
        "too much.",
        few=FEW_EVALUATIONS,
    ),
)

SELECTION = (INTERVAL, CHANGE, COVERAGE, SMALL_SAMPLE)
"""What every page with cards explains."""

OWN_METRICS = (
    Topic(
        text("Formula"),
        text(
            "Functions such as avg(score) or share(score >= 8) make one number of many evaluations; numbers can be "
            "added, divided and compared. Names of columns, fields and other metrics are completed below the formula."
        ),
    ),
    Topic(
        text("Versions"),
        text("Every change makes a new version; earlier ones stay, with who made them, and can be used again."),
    ),
    Topic(
        text("Archive"),
        text("An archived metric leaves the pages and the API, and can be brought back with all its versions."),
    ),
    INTERVAL,
)
EXPORTS = (
    Topic(
        text("Selection"),
        text("A file holds what the filters choose, of any length. It goes on being written when you leave the page."),
    ),
    Topic(
        text("Files"),
        text("Numbers and headings are in English, as other programs read them. No cell can become a formula."),
    ),
)
REPORTS = (
    Topic(
        text("What goes out"),
        text(
            "A mail with the page's cards, charts and tables as they are at that time, with the files that you attach. "
            "A period with a name, such as last week, means other days each time."
        ),
    ),
    Topic(
        text("Who sees what"),
        text(
            "Each person gets what they may see themselves, looked up each time. Addresses without an account get what "
            "the owner of the report may see. Who lost their access gets nothing."
        ),
    ),
    Topic(
        text("When it fails"),
        text(
            "Nothing goes out half. It is tried again after 1, 5 and 30 minutes; then the owner and the admins get a "
            "mail that says why. What was missed while Callboard was off goes out once, up to 24 hours late."
        ),
    ),
)
ALERTS = (
    Topic(
        text("What fires"),
        text(
            "A metric over a selection whose period moves on. By a dimension, each member has a state of its own. "
            "Below the minimum n nothing is said of a value, and too few data or a failed check end nothing that fires."
        ),
    ),
    Topic(
        text("Who is told"),
        text(
            "One message names all members that begin to fire at a check, and one all that recover. People are told of "
            "what they may see themselves; addresses without an account of what the owner of the alert may see."
        ),
    ),
    Topic(
        text("Worse than before"),
        text(
            "The period is compared with as many days before. How sure the test has to be follows from a budget: "
            "chance alone fires an alert about once a year, however many members it has."
        ),
    ),
)
DATA = (
    Topic(
        text("Import"),
        text(
            "A file is loaded as a whole or not at all. Evaluations with an id that is there already replace the old "
            "ones, so that a file can be loaded twice. An import can be undone."
        ),
    ),
    Topic(
        text("Mapping"),
        text("It says which column of your file is which field, and is kept for the next file with the same columns."),
    ),
)
AUDIT = (
    Topic(
        text("Entries"), text("Entries are only ever added: nobody can change or delete one, administrators neither.")
    ),
)
SETTINGS = (
    Topic(
        text("Roles"),
        text(
            "Viewers look, analysts also download and export, administrators also load data, see the audit, and say "
            "who may do what."
        ),
    ),
)


def metric_topics(catalog: Catalog) -> tuple[Topic, ...]:
    """Return what each metric of the catalog is."""
    return tuple(Topic(text(metric.label), text(metric.help)) for metric in catalog.metrics.values())


LIVE = (
    Topic(
        text("Today so far"),
        text(
            "All evaluations whose call began today, beside those of yesterday and of the same weekday of last week up "
            "to the same time of day. The filters apply, the period does not."
        ),
    ),
    Topic(
        text("As of"),
        text(
            "The time up to which the figures hold. It turns amber, with the reason, when no new figures have come for "
            "10 seconds, or two questions in a row had no answer. Values change as data come; the page rests while it "
            "is paused, and while it is not seen unless it is kept awake."
        ),
    ),
)
