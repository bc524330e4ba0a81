"""What an import did, in words: a line for each of its counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.i18n import t
from lib.store.enums import ImportResult


def in_words(result: Mapping[str, Any]) -> list[str]:
    """Return the result of a job that imported files as lines, in the language in use."""
    lines = [
        t("rows read: {count}", count=result["read"]),
        t("added: {count}", count=result["added"]),
        t("changed: {count}", count=result["changed"]),
        t("unchanged: {count}", count=result["unchanged"]),
        t("blank: {count}", count=result["blank"]),
        t("bad: {count}", count=result["bad"]),
    ]
    repeated, exact = result["duplicates"], result["exact_duplicates"]
    if repeated and exact is None:
        lines.append(t("repeated ids: {count} (the later row stands)", count=repeated))
    elif repeated:
        text = t("repeated ids: {count} (the later row stands; exact duplicates: {exact})", count=repeated, exact=exact)
        lines.append(text)
    days, first, last = result["days"], result["first_day"], result["last_day"]
    touched = t("days touched: {count} ({first} to {last})", count=days, first=first, last=last)
    return [
        *lines,
        touched if days else t("days touched: {count}", count=days),
        t("took: {seconds} s", seconds=f"{result['seconds']:.1f}"),
        f"{t('result')}: {t(ImportResult(result['result']).label)}",
    ]
