"""The tour in five steps: its words, its offer beside the sample data, and the button in the help that opens it again.

`pages/static/tour.js` shows the steps and remembers, in the browser, whether the tour was taken or declined.
"""

from __future__ import annotations

import html
import json

from lib.i18n import number, t

SCRIPT = '<script src="app/static/tour.js"></script>'
"""What shows the steps; from this server, as the policy of pages demands."""

_OVERVIEW, _CAMPAIGNS = "", "campaigns"
_FILTER_BAR = ".cb-filter-bar"
"""What stands for the filters on a phone."""


def steps() -> str:
    """Return the steps in the language in use, as HTML that shows nothing."""
    told = (
        (
            t("The figures"),
            t(
                "Each card has a value, the range in which it would end up in 95 of 100 cases, and how it changed. ▲ "
                "and ▼ mark changes that are statistically significant."
            ),
            _OVERVIEW,
            (".st-key-cb-cards",),
        ),
        (
            t("Filters"),
            t(
                "Choose a period, campaigns, call centers and more. All pages keep what you choose, and so does the "
                "link."
            ),
            _OVERVIEW,
            (_FILTER_BAR, ".st-key-cb-filters"),
        ),
        (
            t("Comparison"),
            t(
                "Choose what to compare the period with, or nothing. Every change on the pages is a change from then "
                "to now."
            ),
            _OVERVIEW,
            (_FILTER_BAR, ".st-key-compare"),
        ),
        (
            t("From a name to its calls"),
            t("A click on a name or a bar opens it: its figures, its course, and from there its evaluations."),
            _CAMPAIGNS,
            ('[data-testid="stDataFrame"]',),
        ),
        (
            t("Share and download"),
            t(
                "Share makes a link that remembers today's figures. Analysts can also download the page, its charts "
                "and its tables. The tour is in the help of each page."
            ),
            _CAMPAIGNS,
            (".st-key-cb-actions",),
        ),
    )
    plan = {
        "steps": [
            {
                "title": title,
                "text": words,
                "count": t("Step {step} of {steps}", step=number(place), steps=number(len(told))),
                "page": page,
                "targets": targets,
            }
            for place, (title, words, page, targets) in enumerate(told, 1)
        ],
        "words": {"next": t("Next"), "back": t("Back"), "done": t("Done"), "close": t("End the tour")},
    }
    return f'<div hidden data-tour="{html.escape(json.dumps(plan, ensure_ascii=False))}"></div>'


def offer() -> str:
    """Return the offer of the tour, as HTML; it is seen until the tour was taken or declined."""
    return (
        f'<span class="cb-tour-offer"><button type="button" class="cb-tour-start">{html.escape(t("Take the tour"))}'
        f'</button> <button type="button" class="cb-tour-decline">{html.escape(t("No, thanks"))}</button></span>'
    )


def reopen() -> str:
    """Return the button that opens the tour again, as HTML."""
    return f'<button type="button" class="cb-tour-start">{html.escape(t("Take the tour in five steps"))}</button>'
