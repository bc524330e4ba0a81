"""Own metrics over HTTP: defined, previewed, asked for beside other figures, archived; and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lib.analytics.grants import Grant
from lib.catalog.own_metrics import BUILT_IN_FORMULAS
from tests.api.conftest import App
from tests.api_client import Client

JANUARY = {"dateFrom": "2024-01-01", "dateTo": "2024-01-31"}
PATH = "/v1/analytics/metrics"


@pytest.fixture
def admin(small_app: App) -> Iterator[Client]:
    """Ask with a key that may do everything."""
    client = small_app.client(
        *("analytics:read", "analytics:export", "evaluations:read", "evaluations:write", "fields:write"),
        "metrics:write",
    )
    yield client
    for each in client.get(PATH)["data"]:
        if not each["builtIn"]:
            client.ask("DELETE", f"{PATH}/{each['name']}")
    client.close()


def put(client: Client, name: str, **values: Any) -> dict[str, Any]:
    """Define or change a metric, and return it."""
    answer = client.ask("PUT", f"{PATH}/{name}", json=values)
    assert answer.status_code in (200, 201), answer.text
    described: dict[str, Any] = answer.json()
    return described


def preview(client: Client, formula: str, **more: Any) -> dict[str, Any]:
    """Return what a formula comes to."""
    answer = client.ask("POST", f"{PATH}/preview", json={"formula": formula, **JANUARY, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_each_version_of_a_metric_stays(admin: Client) -> None:
    formula = "count_if(score < 8) / completedEvaluations"
    first = admin.ask("PUT", f"{PATH}/weakShare", json={"formula": formula, "unit": "share", "better": "lower"})
    made = first.json()
    assert first.status_code == 201, first.text
    assert {name: made[name] for name in ("name", "label", "formula", "unit", "decimals", "better", "minimum")} == {
        "name": "weakShare",
        "label": "Weak share",
        "formula": formula,
        "unit": "share",
        "decimals": 4,
        "better": "lower",
        "minimum": 30,
    }
    assert made["version"] == 1 and made["builtIn"] is False and made["problem"] is None and not made["archived"]
    second = put(admin, "weakShare", formula="count_if(score < 7) / count()", label="Weak")
    assert (second["version"], second["label"], second["unit"]) == (2, "Weak", "share"), "what is left out stays"
    assert admin.get(f"{PATH}/weakShare", version="1")["formula"] == formula
    assert admin.get(f"{PATH}/weakShare")["versions"] == [1, 2]
    gone = admin.ask("DELETE", f"{PATH}/weakShare")
    assert (gone.status_code, gone.content) == (204, b"")
    assert admin.get(f"{PATH}/weakShare")["archived"] is True
    admin.refused(400, "INVALID_PARAMETER", "GET", "/v1/analytics/summary", params={"metrics": "weakShare"})
    assert put(admin, "weakShare", label="Weak again")["archived"] is False
    assert admin.get(f"{PATH}/weakShare")["versions"] == [1, 2, 3]
    for path in (f"{PATH}/weakShare?version=9", f"{PATH}/other"):
        admin.refused(404, "NOT_FOUND", "GET", path)


def test_metrics_stand_beside_the_figures(admin: Client) -> None:
    put(admin, "weak", formula="count_if(score < 8) / completedEvaluations", unit="share")
    put(admin, "middle", formula="median(score)", unit="score")
    put(admin, "people", formula="count_distinct(executive)", unit="count")
    asked = {"metrics": ["weak", "averageScore", "middle", "people"], **JANUARY}
    summary = admin.get("/v1/analytics/summary", **asked)
    assert summary["metrics"] == {"weak": 0.5, "averageScore": summary["averageScore"], "middle": 7.5, "people": 2}
    assert summary["metricN"] == {"weak": 4, "averageScore": 4, "middle": 4, "people": 6}
    assert summary["metricIntervals"]["weak"] is not None and summary["metricIntervals"]["people"] is None
    assert summary["metricIntervals"]["averageScore"] == summary["averageScoreInterval"]
    campaigns = admin.get("/v1/analytics/campaigns", sort="-weak", **asked)["data"]
    assert [(row["campaignId"], row["metrics"]["weak"]) for row in campaigns] == [("b", 1.0), ("a", 0.5), (None, 0.0)]
    assert [row["metrics"]["middle"] for row in campaigns] == [7.0, 6.75, 8.0]
    groups = admin.get("/v1/analytics/breakdown", by="executive", sort="middle", **asked)["data"]
    assert [(row["id"], row["metrics"]["middle"]) for row in groups] == [("x", 7.0), (None, 8.0), ("y", None)]
    points = admin.get("/v1/analytics/trends", granularity="weekly", **asked)["data"]
    assert [point["metrics"]["middle"] for point in points] == [7.0, 8.0, None, None, None]
    assert [point["metrics"]["people"] for point in points] == [2, 1, 0, 0, 0]
    series = admin.get("/v1/analytics/trends", by="campaign", granularity="monthly", **asked)["series"]
    assert {each["id"]: each["data"][0]["metrics"]["weak"] for each in series} == {"a": 0.5, "b": 1.0, None: 0.0}
    assert {each["id"]: each["data"][0]["metrics"]["middle"] for each in series} == {"a": 6.75, "b": 7.0, None: 8.0}
    plain = admin.get("/v1/analytics/summary", **JANUARY)
    assert plain == {name: value for name, value in summary.items() if not name.startswith("metric")}


def test_built_in_metrics_as_formulas_are_equal_to_themselves(admin: Client) -> None:
    summary = admin.get("/v1/analytics/summary", metrics=list(BUILT_IN_FORMULAS), **JANUARY)
    for metric in admin.get(PATH)["data"]:
        name = metric["name"]
        if metric["builtIn"]:
            found = preview(
                admin, metric["formula"], decimals=metric["decimals"], unit=metric["unit"].replace("balance", "number")
            )
            assert found["value"] == summary["metrics"][name], name
            assert found["interval"] == summary["metricIntervals"][name], name
            assert found["n"] == summary["metricN"][name] and found["fromRollup"], name


def test_a_preview_takes_the_filters_of_a_selection(admin: Client) -> None:
    assert preview(admin, "avg(score)")["value"] == 7.125
    assert preview(admin, "avg(score)", campaignId=["a"])["value"] == 6.75
    assert preview(admin, "avg(score)", campaignId="a", isAICall=True)["value"] == 9
    assert preview(admin, "count() / 0") == {"value": None, "interval": None, "n": 6, "fromRollup": True}
    assert preview(admin, "count_if(score > 8)")["fromRollup"] is False
    admin.refused(400, "INVALID_PARAMETER", "POST", f"{PATH}/preview", json={"formula": "count()", "colour": 1})


@pytest.mark.parametrize(
    ("formula", "position", "words"),
    [
        ("avg(scor)", 5, "did you mean 'score'?"),
        ("score", 1, "avg(score)"),
        ("count( ", 8, "The end"),
        ('avg(criterion("Nothing"))', 15, "There is no criterion"),
        ("count() / broken", 11, "There is no 'broken'"),
        ("sum(field.gone)", 5, "There is no 'field.gone'"),
        ("", 1, "There is no formula"),
    ],
)
def test_what_is_no_formula_is_refused_with_its_place(admin: Client, formula: str, position: int, words: str) -> None:
    for method, path, body in (
        ("POST", f"{PATH}/preview", {"formula": formula}),
        ("PUT", f"{PATH}/wrong", {"formula": formula}),
    ):
        answer = admin.ask(method, path, json=body)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["position"]) == (400, "INVALID_FORMULA", position), error
        assert words in error["message"]
    admin.refused(404, "NOT_FOUND", "GET", f"{PATH}/wrong")


def test_what_a_metric_can_not_have_is_refused(admin: Client) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("9lives", {"formula": "count()"}),
        ("averageScore", {"formula": "count()"}),
        ("averagescore", {"formula": "count()"}),
        ("score", {"formula": "count()"}),
        ("share", {"formula": "count()"}),
        ("fine", {"formula": "count()", "decimals": 5}),
        ("fine", {"formula": "count()", "better": "up"}),
        ("fine", {"formula": "count()", "minimum": -1}),
        ("fine", {"formula": "count()", "unit": "a unit that has too many letters"}),
        ("fine", {"formula": "count()", "label": "two\nlines"}),
        ("fine", {"formula": "count()", "target": "eight"}),
        ("fine", {"formula": "count()", "target": {"campaing": {"a": 1}}}),
        ("fine", {"formula": "count()", "target": {"value": 1, "from": "yesterday"}}),
        ("fine", {"formula": "count()", "name": "other"}),
        ("fine", {"formula": "count()", "color": "red"}),
        ("fine", {"formula": 7}),
    ]
    for name, body in wrong:
        admin.refused(400, "INVALID_PARAMETER", "PUT", f"{PATH}/{name}", json=body)
    admin.refused(404, "NOT_FOUND", "PUT", f"{PATH}/fine", json={"label": "No formula"})
    assert all(each["builtIn"] or each["archived"] for each in admin.get(PATH)["data"])


def test_alerts_and_reports_that_use_a_metric_are_counted(small_app: App, admin: Client) -> None:
    put(admin, "watched", formula="avg(score)")
    alert = {
        "name": "Watch",
        "metric": "watched",
        "condition": {"type": "below", "value": 8},
        "schedule": {"cron": "0 8 1 1 *"},
    }
    export = {"report": "campaigns", "format": "csv", "metrics": ["watched"]}
    with small_app.client("reports:read", "reports:write", "analytics:read", "analytics:export") as owner:
        made = owner.ask("POST", "/v1/alerts", json=alert)
        assert made.status_code == 201, made.text
        for subject in (
            {"export": export},
            {"page": "trends", "parameters": {"metric": ["watched"]}},
            {"page": "trends"},
        ):
            sent = owner.ask("POST", "/v1/reports", json={"name": "Weekly", "schedule": None, **subject})
            assert sent.status_code == 201, sent.text
        used = admin.get(f"{PATH}/watched")["usedBy"]
        assert used == {"metrics": [], "views": [], "privateViews": 0, "pinnedLinks": 0, "reports": 2, "alerts": 1}


def test_a_target_of_a_built_in_metric_creates_nothing(admin: Client) -> None:
    answers = [admin.ask("PUT", f"{PATH}/averageScore", json={"target": target}) for target in (7, None)]
    assert [each.status_code for each in answers] == [200, 200]


def test_percentiles_at_both_ends_and_how_many_values_the_ends_rest_on(admin: Client) -> None:
    scores = [4.5, 7, 8, 9]
    for p, right in ((0, scores[0]), (50, 7.5), (100, scores[-1])):
        assert preview(admin, f"percentile(score, {p})")["value"] == right
    assert preview(admin, "min(score)")["n"] == preview(admin, "max(score)")["n"] == len(scores)
    assert preview(admin, "count()")["value"] > len(scores), "not all evaluations have one"


def test_metrics_are_made_of_metrics_and_never_of_themselves(admin: Client) -> None:
    put(admin, "base", formula="avg(score)")
    put(admin, "above", formula="base - 7")
    assert preview(admin, "above * 2")["value"] == 0.25
    error = admin.ask("PUT", f"{PATH}/base", json={"formula": "1 + above"}).json()["error"]
    assert (error["code"], error["position"]) == ("INVALID_FORMULA", 5)
    assert "base → above → base" in error["message"]
    assert admin.get(f"{PATH}/base")["usedBy"]["metrics"] == ["above"]
    admin.ask("DELETE", f"{PATH}/base")
    above = admin.get(f"{PATH}/above")
    assert above["formula"] == "base - 7" and "The metric 'base' is archived" in above["problem"]["message"], (
        "it is kept, broken"
    )
    admin.refused(400, "INVALID_PARAMETER", "GET", "/v1/analytics/summary", params={"metrics": "above"})
    put(admin, "base", minimum=10)
    assert admin.get(f"{PATH}/above")["problem"] is None


def test_a_field_that_goes_breaks_a_metric_and_names_itself(admin: Client) -> None:
    admin.ask("PUT", "/v1/fields/refund", json={"type": "number"})
    put(admin, "refunds", formula="sum(field.refund) / count()")
    assert preview(admin, "refunds")["value"] == 0
    admin.ask("DELETE", "/v1/fields/refund")
    broken = admin.get(f"{PATH}/refunds")
    assert broken["formula"] == "sum(field.refund) / count()"
    assert broken["problem"] == {"message": broken["problem"]["message"], "position": 5}
    assert "field.refund" in broken["problem"]["message"]


def test_targets_are_kept_of_built_in_metrics_too(admin: Client) -> None:
    target = {"value": 8, "campaign": {"a": 7.5}, "from": "2024-01-01"}
    assert put(admin, "averageScore", target=target)["target"] == target
    assert next(each for each in admin.get(PATH)["data"] if each["name"] == "averageScore")["target"] == target
    assert put(admin, "averageScore", target=None)["target"] is None


def test_who_may_change_metrics(admin: Client, small_app: App) -> None:
    put(admin, "weak", formula="count_if(score < 8)")
    with small_app.client("analytics:read") as reader:
        assert reader.get(f"{PATH}/weak")["formula"] == "count_if(score < 8)"
        reader.refused(403, "INSUFFICIENT_SCOPE", "PUT", f"{PATH}/weak", json={"formula": "count()"})
        reader.refused(403, "INSUFFICIENT_SCOPE", "DELETE", f"{PATH}/weak")
    grant = Grant.of({"campaign": ("a",)})
    with small_app.client("analytics:read", "metrics:write", grant=grant) as limited:
        assert limited.get("/v1/analytics/summary", metrics="weak", **JANUARY)["metrics"] == {"weak": 1}
        assert preview(limited, "count()")["value"] == 2
        limited.refused(403, "INSUFFICIENT_SCOPE", "PUT", f"{PATH}/weak", json={"formula": "count()"})


def test_metrics_by_criterion_are_of_the_evaluations_that_answer_it(admin: Client) -> None:
    answers = [
        {"criterion": "Greeting", "points": 5, "maxPoints": 10},
        {"criterion": "Name", "notApplicable": True},
    ]
    sent = [
        {"id": "m1", "audioDate": "2024-02-01", "averageNote": 5, "results": answers},
        {"id": "m2", "audioDate": "2024-02-02", "averageNote": 9, "results": answers[:1]},
    ]
    assert admin.ask("POST", "/v1/evaluations", json=sent).status_code == 200
    asked = {"dateFrom": "2024-02-01", "dateTo": "2024-02-29", "metrics": ["averageScore", "middle"]}
    put(admin, "middle", formula='median(score) + avg(criterion("Greeting"))')
    rows = admin.get("/v1/analytics/criteria", sort="averageScore", **asked)["data"]
    assert [(row["criterion"], row["metrics"]) for row in rows] == [
        ("Name", {"averageScore": 5.0, "middle": 5.5}),
        ("Greeting", {"averageScore": 7.0, "middle": 7.5}),
    ]
    descending = admin.get("/v1/analytics/criteria", sort="-middle", **asked)["data"]
    assert [row["criterion"] for row in descending] == ["Greeting", "Name"]
    assert admin.ask("POST", "/v1/evaluations", json=[{**each, "results": []} for each in sent]).status_code == 200


def test_who_sees_a_part_learns_of_no_other_names(admin: Client, small_app: App) -> None:
    answers = [{"criterion": "Secret", "points": 1, "maxPoints": 1}]
    sent = {"id": "s1", "audioDate": "2024-03-01", "campaignId": "hidden", "campaignName": "Hidden", "results": answers}
    assert admin.ask("POST", "/v1/evaluations", json=[sent]).status_code == 200
    put(admin, "averageScore", target={"value": 8, "campaign": {"a": 7, "hidden": 6}})
    with small_app.client("analytics:read", grant=Grant.of({"campaign": ("a",)})) as limited:
        for name in ("Secret", "Nothing"):
            assert preview(limited, f'avg(criterion("{name}"))')["value"] is None
        assert limited.get(f"{PATH}/averageScore")["target"] == {"value": 8, "campaign": {"a": 7}}
        listed = {each["name"]: each["target"] for each in limited.get(PATH)["data"]}
        assert listed["averageScore"] == {"value": 8, "campaign": {"a": 7}}
    put(admin, "averageScore", target=None)


def test_wide_numbers_and_far_percentiles_have_an_answer_everywhere(admin: Client) -> None:
    formulas = {
        "wide": "sum(score) / sum(duration_seconds)",
        "square": "avg(score * score - 2.5)",
        "far": "percentile(score, 99)",
        "signed": "sum(score) / (count_if(is_ai) - count_if(not is_ai))",
        "large": "sum(duration_seconds) * 999999999999999999999999",
    }
    for name, formula in formulas.items():
        put(admin, name, formula=formula, decimals=0 if name == "large" else 4)
    for path in ("summary", "campaigns", "executives", "trends", "criteria", "trends?by=executive&granularity=monthly"):
        kept = "&".join(f"metrics={name}" for name in formulas)
        admin.get(f"/v1/analytics/{path}{'&' if '?' in path else '?'}{kept}&dateFrom=2024-01-01&dateTo=2024-01-31")
    for name in ("a%00b", "%00", "a/b", "x" * 5000):
        admin.refused(404, "NOT_FOUND", "DELETE", f"{PATH}/{name}")


def test_the_target_of_a_share_is_no_percentage(admin: Client) -> None:
    body = {"formula": "share(is_ai)", "unit": "share", "target": 80}
    assert "80 % is 0.8" in admin.refused(400, "INVALID_PARAMETER", "PUT", f"{PATH}/aiShare", json=body)["message"]


def test_metrics_that_are_asked_for_and_are_none(admin: Client) -> None:
    for path in ("summary", "campaigns", "executives", "trends", "criteria"):
        admin.refused(400, "INVALID_PARAMETER", "GET", f"/v1/analytics/{path}", params={"metrics": "averageScor"})
    many = {"metrics": [f"m{number}" for number in range(21)]}
    admin.refused(400, "INVALID_PARAMETER", "GET", "/v1/analytics/summary", params=many)
