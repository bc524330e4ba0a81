"""What an import did, in words: a line for each of its counts, and what is wrong with its bad rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from lib.catalog.own_fields import TYPE_LABELS
from lib.errors.codes import CodedText, restored
from lib.i18n import day, number, t
from lib.reports import job_text
from lib.store.enums import LOADED_RESULTS, ImportResult


def problem_in_words(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Return one of the problems that a result lists, in the language in use; what was kept as words stays so."""
    parts = {name: restored(value) for name, value in problem.items()}
    return {name: job_text.in_words(part) if isinstance(part, CodedText) else part for name, part in parts.items()}


def warnings_in_words(result: Mapping[str, Any]) -> list[str]:
    """Return the warnings of a job that imported files, in the language in use."""
    return [job_text.in_words(restored(warning)) for warning in result["warnings"]]


def undo_in_words(result: Mapping[str, Any], *, is_plain: bool = False) -> list[str]:
    """Return the result of a job that undid an import as lines, in the language in use; `is_plain` as in `in_words`."""
    count = str if is_plain else number
    lines = [
        t("removed: {count}", count=count(result["removed"])),
        t("restored: {count}", count=count(result["restored"])),
        t("evaluations: {count}", count=count(result["evaluations"])),
    ]
    return lines if result["evaluations"] else [*lines, t("The database holds no evaluations now.")]


def result_in_words(result: str) -> str:
    """Return what came of an import, in the language in use."""
    return t(ImportResult(result).label)


def in_words(result: Mapping[str, Any], *, is_plain: bool = False) -> list[str]:
    """Return the result of a job that imported files as lines, in the language in use.

    Numbers and days are written as people read them; where `is_plain`, as programs do: `16591`, `2024-01-31`.
    """
    count = str if is_plain else number
    lines = [
        t("rows read: {count}", count=count(result["read"])),
        t("added: {count}", count=count(result["added"])),
        t("changed: {count}", count=count(result["changed"])),
        t("unchanged: {count}", count=count(result["unchanged"])),
        t("blank: {count}", count=count(result["blank"])),
        t("bad: {count}", count=count(result["bad"])),
    ]
    if result.get("answers"):
        lines.append(t("answers to criteria: {count}", count=count(result["answers"])))
    if result.get("short_rows"):
        short = count(result["short_rows"])
        lines.append(t("rows shorter than the header: {count} (missing cells are empty)", count=short))
    if result.get("long_rows"):
        long = count(result["long_rows"])
        lines.append(t("rows longer than the header: {count} (the cells beyond it are empty)", count=long))
    repeated, exact = result["duplicates"], result["exact_duplicates"]
    if repeated and exact is None:
        lines.append(t("repeated ids: {count} (the later row stands)", count=count(repeated)))
    elif repeated:
        counts = {"count": count(repeated), "exact": count(exact)}
        lines.append(t("repeated ids: {count} (the later row stands; exact duplicates: {exact})", **counts))
    if result.get("new_fields"):
        lines.append(_new_fields(result, is_plain))
    seconds = f"{result['seconds']:.1f}" if is_plain else number(result["seconds"], 1)
    return [
        *lines,
        _days_touched(result, is_plain),
        t("took: {seconds} s", seconds=seconds),
        f"{t('result')}: {result_in_words(result['result'])}",
    ]


def _new_fields(result: Mapping[str, Any], is_plain: bool) -> str:
    """Return the line of the fields that an import defined, or would have."""
    types = {type_.value: type_.value if is_plain else t(label) for type_, label in TYPE_LABELS.items()}
    fields = ", ".join(f"{each['name']} ({types[each['type']]}, “{each['label']}”)" for each in result["new_fields"])
    if ImportResult(result["result"]) in LOADED_RESULTS:
        return t("fields defined: {fields}", fields=fields)
    return t("fields that would be defined: {fields}", fields=fields)


def _days_touched(result: Mapping[str, Any], is_plain: bool) -> str:
    count = str(result["days"]) if is_plain else number(result["days"])
    if not result["days"]:
        return t("days touched: {count}", count=count)
    first, last = result["first_day"], result["last_day"]
    if not is_plain:
        first, last = (day(date.fromisoformat(each)) for each in (first, last))
    return t("days touched: {count} ({first} to {last})", count=count, first=first, last=last)
