"""Brazilian complaints, August against July 2014: each statistic once more, by pandas and SciPy."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lib.analytics import breakdowns, rank_ranges
from lib.analytics.decomposition import decomposition
from lib.analytics.query_cache import QueryCache
from lib.analytics.standardization import standardized_scores
from lib.catalog.dimensions import CALL_CENTER
from lib.charts.funnel import funnel
from lib.charts.theme import LIGHT, ChartTheme
from lib.workspace import Workspace
from tests.conftest import ROOT, SHARED, Load
from tests.filters import make_filters
from tests.statistics.rank_reference import reference_ranges

FILES = sorted((SHARED / "data" / "consumidor").glob("*.csv"))
JULY, AUGUST = make_filters(date(2014, 7, 1), date(2014, 7, 31)), make_filters(date(2014, 8, 1), date(2014, 8, 31))
pytestmark = pytest.mark.skipif(not FILES, reason="the real data sets lie beside the repository, not in it")


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def scores(month: int) -> pd.DataFrame:
    """Return the scores of a month, 0 to 10, by day, company and kind of problem."""
    read = [pd.read_csv(path, sep=";", encoding="cp1252", dtype=str) for path in FILES]
    table = (
        pd.concat(read, ignore_index=True)
        .rename(columns=str.strip)
        .map(lambda text: text.strip() if isinstance(text, str) else text)
    )
    opened = pd.to_datetime(table["Data Abertura"], format="%d/%m/%Y")
    table = table[(opened.dt.year == 2014) & (opened.dt.month == month)]
    found = pd.DataFrame(
        {
            "day": opened[table.index],
            "company": table["Nome Fantasia"],
            "problem": table["Grupo Problema"],
            "score": pd.to_numeric(table["Nota do Consumidor"]) * 2,
        }
    )
    return found.dropna(subset=["score"])


@pytest.fixture
def _loaded(load: Load) -> None:
    load(FILES, (ROOT / "samples" / "consumidor.toml").read_text())


@pytest.mark.usefixtures("_loaded")
def test_what_changed(workspace: Workspace, answers: QueryCache) -> None:
    found = answers.run(decomposition, AUGUST, JULY, workspace.calendar, CALL_CENTER)
    before, now = (scores(month).groupby("company")["score"].agg(["size", "mean", "var"]) for month in (7, 8))
    both = before.add_suffix("_0").join(now.add_suffix("_1"), how="outer")
    share_0, share_1 = (both[f"size_{side}"].fillna(0) / both[f"size_{side}"].sum() for side in (0, 1))
    whole = [(side["size"] * side["mean"]).sum() / side["size"].sum() for side in (before, now)]
    within = ((share_0 + share_1) / 2 * (both["mean_1"] - both["mean_0"])).fillna(0)
    middle = both[["mean_0", "mean_1"]].mean(axis=1)  # of one where there is one alone
    mix = (share_1 - share_0) * (middle - sum(whole) / 2)

    assert len(found.parts) == len(both) > 20
    for part in found.parts:
        assert float(part.within) == pytest.approx(within[part.named.name], abs=1e-9)
        assert float(part.mix) == pytest.approx(mix[part.named.name], abs=1e-9)
    assert float(found.change) == pytest.approx(whole[1] - whole[0], abs=1e-9)

    pairs = both.dropna(subset=["mean_0", "mean_1"])
    weights = (share_0 + share_1)[pairs.index] / 2
    terms, degrees = [], []
    for side in (0, 1):
        sizes, variances = pairs[f"size_{side}"], pairs[f"var_{side}"]
        several = sizes > 1
        terms += list((weights**2 * variances / sizes)[several])
        degrees += list(sizes[several] - 1)
        if not several.all():
            pooled = ((sizes - 1) * variances)[several].sum() / (sizes - 1)[several].sum()
            terms.append((weights[~several] ** 2).sum() * pooled)
            degrees.append((sizes - 1)[several].sum())
    for month in (7, 8):  # what days of their own make the average vary by: DerSimonian and Laird's estimate
        table = scores(month)
        days = table.groupby("day")["score"].agg(["size", "mean"])
        weights_of_days = days["size"] / table["score"].var()
        spread = (weights_of_days * (days["mean"] - table["score"].mean()) ** 2).sum() - (len(days) - 1)
        between = spread / (weights_of_days.sum() - (weights_of_days**2).sum() / weights_of_days.sum())
        terms.append(max(0.0, between) * (days["size"] ** 2).sum() / len(table) ** 2)
        degrees.append(len(days) - 1)
    squared, each = np.array(terms), np.array(degrees)
    half = stats.t.ppf(0.975, squared.sum() ** 2 / (squared**2 / each).sum()) * squared.sum() ** 0.5
    assert found.within_interval == pytest.approx((within.sum() - half, within.sum() + half), abs=1e-7)


@pytest.mark.usefixtures("_loaded")
@pytest.mark.parametrize("is_adjusted", [False, True])
def test_the_funnel(workspace: Workspace, answers: QueryCache, is_adjusted: bool) -> None:
    breakdown = answers.run(breakdowns.breakdown, AUGUST, workspace.calendar, CALL_CENTER, page_size=10_000)
    look = ChartTheme(LIGHT, "en")
    chart = funnel(breakdown.groups, breakdown.total, CALL_CENTER, look, is_adjusted=is_adjusted)
    table = scores(8)
    mean, deviation = table["score"].mean(), table["score"].std()
    groups = table.groupby("company")["score"].agg(["size", "mean"])
    enough = groups[groups["size"] >= 30]
    z_scores = (enough["mean"] - mean) * enough["size"] ** 0.5 / deviation
    phi = (np.clip(z_scores, z_scores.quantile(0.1), z_scores.quantile(0.9)) ** 2).mean()
    assert phi > 5 and f"Overdispersion φ = {phi:.1f}" in " ".join(chart.notes)

    wide = phi**0.5 if is_adjusted else 1.0
    outside = enough[abs(z_scores) > stats.norm.ppf(0.999) * wide].index
    assert {row["name"] for row in chart.data["rows"] if row["where"] in ("above", "below")} == set(outside)
    for row in chart.data["limits"]:
        level = 0.975 if row["limit"] == "Expected range (95 %)" else 0.999
        half = stats.norm.ppf(level) * wide * deviation / row["scored"] ** 0.5
        assert (row["low"], row["high"]) == pytest.approx((max(0.0, mean - half), min(10.0, mean + half)), rel=1e-9)


@pytest.mark.usefixtures("_loaded")
def test_like_for_like(workspace: Workspace, answers: QueryCache) -> None:
    """No complaint has a duration and none is an AI's: strata are kinds of problems."""
    found = answers.run(standardized_scores, AUGUST, workspace.calendar, CALL_CENTER)
    table = scores(8)
    strata = table.groupby("problem")["score"].agg(["size", "sum"])
    checked = 0
    for row in found.rows:
        own = table[table["company"] == row.named.name]
        if own.empty:
            assert row.adjusted is None
            continue
        cells = own.groupby("problem")["score"].agg(["size", "mean", "sum"])
        others = strata.loc[cells.index] - cells[["size", "sum"]]
        cells, others = cells[others["size"] > 0], others[others["size"] > 0]
        weights = cells["size"] * others["size"] / (cells["size"] + others["size"])
        difference = np.average(cells["mean"] - others["sum"] / others["size"], weights=weights)
        expected = table["score"].mean() + (1 - len(own) / len(table)) * difference
        assert float(row.adjusted) == pytest.approx(expected, abs=1e-9)
        assert row.comparable == cells["size"].sum()
        assert row.interval is not None and row.interval[0] < expected < row.interval[1]
        checked += 1
    assert checked > 20
    enough = [float(row.adjusted) for row in found.rows if not row.is_small_sample]
    assert enough == sorted(enough, reverse=True) and len(enough) > 10


@pytest.mark.usefixtures("_loaded")
def test_ranges_of_ranks(workspace: Workspace, answers: QueryCache) -> None:
    """Of the 28 companies with 30 scores in August, fewer pairs are told apart once variances and days are allowed for."""
    found = answers.run(rank_ranges.ranks, AUGUST, workspace.calendar, CALL_CENTER, answers)
    groups = {
        str(name): [(day, score) for day, score in zip(rows["day"], rows["score"], strict=True)]
        for name, rows in scores(8).groupby("company")
        if len(rows) >= 30
    }
    assert len(groups) == 28
    plain, apart = reference_ranges(groups, 0, with_days=False)
    assert apart == 84 and np.mean([1 + high - low for low, high in plain.values()]) == 22
    expected, apart = reference_ranges(groups)
    assert {member.name: ends for member, ends in found.groups.items()} == expected
    assert (found.pairs, found.pairs_apart) == (378, apart) and 0 < apart <= 84
