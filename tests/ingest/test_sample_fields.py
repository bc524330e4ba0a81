"""The own fields of sample data: what they hold, and that they go with the sample and with nothing else."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
import sqlalchemy as sa

from lib.analytics import field_definitions, integrity, queries
from lib.analytics.field_definitions import own_fields
from lib.analytics.grants import EVERYTHING
from lib.analytics.metric_definitions import stored_catalog
from lib.backup.restore import restore
from lib.catalog.catalog import BUILT_IN, Catalog
from lib.catalog.own_fields import MOST_FIELDS, OwnField, OwnFieldType, catalog_with
from lib.errors import FieldError, SampleDataError
from lib.ingest import sample_data
from lib.ingest.sample_fields import SAMPLE_FIELDS, missing_fields, with_sample_fields
from lib.jobs import field_tasks
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.store.enums import ImportResult
from lib.workspace import Workspace
from tests.conftest import Load

LAST_DAY = date(2024, 6, 30)
OWN = "id,audioDate,averageNote,channel\na,2024-01-01,9,1\nb,2024-01-02,8,2\n"
MAPPED = '[fields]\nchannel = { column = "channel", type = "number", label = "Line", unit = "no." }\n'
Described = list[tuple[str, str, str]]


def make_sample(workspace: Workspace, rows: int = 600, **more: object) -> None:
    TASKS["sample"](workspace, {"rows": rows, "seed": 1, "until": LAST_DAY.isoformat(), **more}, lambda *_: None)


def fields(workspace: Workspace) -> Described:
    """Return the fields, by name, type and label; what is counted of them adds up."""
    with workspace.facts.read() as connection:
        assert integrity.findings(connection, stored_catalog(connection)).lines == ()
        held = own_fields(connection)
        marked = [own for own in held if own.is_sample]
        assert not marked or queries.status(connection).is_sample
        columns = {each["name"] for each in sa.inspect(connection).get_columns("evaluations")}
        assert {name for name in columns if name.startswith("field_")} == {own.column for own in held}
    return [(own.name, own.type.value, own.label) for own in held]


def values(workspace: Workspace) -> dict[str, int]:
    """Return how many evaluations have a value in each field."""
    return {use.own.name: use.values for use in field_tasks.list_fields(workspace, EVERYTHING)}


SAMPLE = [(own.name, own.type.value, own.label) for own in SAMPLE_FIELDS]


def made(catalog: Catalog, rows: int = 4_000) -> pa.Table:
    batches = sample_data.batches(rows, 1, LAST_DAY, ZoneInfo("UTC"), catalog)
    return pa.Table.from_batches([sample_data.canonical(batch, catalog) for batch in batches])


DIGESTS = {"field.channel": "7a60d358", "field.csat": "27cd8569", "field.resolved": "52eacd8e"}
"""As in `test_sample_data.py`."""


def test_fields_are_the_same_each_time_and_change_nothing_else() -> None:
    table, plain = made(with_sample_fields(BUILT_IN)), made(BUILT_IN)
    assert table.column_names == [*plain.column_names, *DIGESTS] and table.select(plain.column_names) == plain
    digests = {
        name: hashlib.sha256("\n".join(map(str, table[name].to_pylist())).encode()).hexdigest()[:8] for name in DIGESTS
    }
    assert digests == DIGESTS


def test_what_the_fields_show() -> None:
    frame = made(with_sample_fields(BUILT_IN), 60_000).to_pandas()
    completed = frame[frame["state"] == "Completed"]
    scores = completed.groupby("field.channel")["averageNote"].mean()
    assert set(scores.index) == {"Phone", "Chat", "E-mail", "WhatsApp"} and frame["field.channel"].notna().all()
    assert 0.2 < scores.max() - scores.min() < 1
    phone = (frame["field.channel"] == "Phone").groupby(frame["campaignName"]).mean()
    assert phone.max() > phone.min() + 0.3
    csat = completed["field.csat"]
    assert abs(csat.notna().mean() - 0.4) < 0.02 and set(csat.dropna()) == {1, 2, 3, 4, 5}
    assert 0.4 < csat.corr(completed["averageNote"]) < 0.8
    resolved = completed["field.resolved"].dropna().astype(bool)
    assert len(resolved) / len(completed) > 0.9 and 0.6 < resolved.mean() < 0.85
    assert completed["averageNote"][resolved.index].groupby(resolved).mean().diff().iloc[-1] > 0.5
    others = frame[frame["state"] != "Completed"]
    assert others[["field.csat", "field.resolved"]].isna().all(axis=None)


def test_sample_data_bring_their_fields_and_take_them_along(workspace: Workspace, load: Load) -> None:
    make_sample(workspace)
    assert fields(workspace) == SAMPLE
    held = values(workspace)
    assert held["channel"] == 600 and 0 < held["csat"] < held["resolved"] < 600
    make_sample(workspace, 500)  # another sample takes the place of the first, and its fields
    assert fields(workspace) == SAMPLE and values(workspace)["channel"] == 500
    before = fields(workspace), values(workspace)
    with pytest.raises(SampleDataError):
        load("id,audioDate\na,2024-01-01\n")
    assert load("id,audioDate\na,x\n", replace_sample=True).result is ImportResult.NOTHING_LOADED
    assert load(OWN, MAPPED, dry_run=True).result is ImportResult.DRY_RUN
    for nothing in ("id,audioDate\n", "id,audioDate\n,\n"):
        assert load(nothing, replace_sample=True).loaded.added == 0
    assert load("id,audioDate\na,x\n", replace_sample=True, skip_bad_rows=True).loaded.added == 0
    assert (fields(workspace), values(workspace)) == before
    report = load("id,audioDate\na,2024-01-01\n", replace_sample=True)
    assert report.loaded.added == 1 and fields(workspace) == []
    (undone,) = TASKS["imports"](workspace, {"limit": 9}, lambda *_: None)["imports"][:1]
    TASKS["undo"](workspace, {"id": undone["id"], "actor": "test"}, lambda *_: None)
    assert fields(workspace) == []
    make_sample(workspace)
    assert fields(workspace) == SAMPLE


def test_an_import_over_a_sample_has_its_own_definition(workspace: Workspace, load: Load) -> None:
    """Whatever type the sample's field of the name has."""
    make_sample(workspace)
    report = load(OWN, MAPPED, replace_sample=True)
    assert [own.name for own in report.new_fields] == ["channel"]
    assert fields(workspace) == [("channel", "number", "Line")] and values(workspace) == {"channel": 2}
    with workspace.facts.read() as connection:
        (own,) = own_fields(connection)
    assert (own.unit, own.is_sample) == ("no.", False)


def test_an_import_of_the_same_type_has_its_own_definition(workspace: Workspace, load: Load) -> None:
    make_sample(workspace)
    load(OWN, '[fields]\nchannel = { column = "channel", label = "Line" }\n', replace_sample=True)
    assert fields(workspace) == [("channel", "category", "Line")] and values(workspace) == {"channel": 2}


def test_a_header_over_a_sample_has_a_field_of_what_its_values_are(workspace: Workspace, load: Load) -> None:
    make_sample(workspace)
    load("id,audioDate,field.resolved\na,2024-01-01,late\n", replace_sample=True)
    assert fields(workspace) == [("resolved", "category", "Resolved")]


def test_fields_of_the_workspaces_own_stay(workspace: Workspace, load: Load) -> None:
    """One of the sample's name and type is filled, one of another type is left alone; one that is changed stays."""
    field_tasks.define_field(workspace, "test", "csat", "number", "Stars", "of 5")
    field_tasks.define_field(workspace, "test", "channel", "number", None, None)
    make_sample(workspace)
    assert fields(workspace) == [
        ("csat", "number", "Stars"),
        ("channel", "number", "Channel"),
        ("resolved", "yes_no", "Resolved on first contact"),
    ]
    held = values(workspace)
    assert held["csat"] > 0 == held["channel"] < held["resolved"]
    field_tasks.change_field(workspace, "test", "resolved", label="Done")
    load("id,audioDate,field.csat\na,2024-01-01,3\n", replace_sample=True)
    assert [name for name, *_ in fields(workspace)] == ["csat", "channel", "resolved"]
    assert values(workspace) == {"csat": 1, "channel": 0, "resolved": 0}


def test_what_is_alike_or_too_much_is_left_out(workspace: Workspace) -> None:
    field_tasks.define_field(workspace, "test", "c_sat", "number", None, None)
    make_sample(workspace)
    assert [name for name, *_ in fields(workspace)] == ["c_sat", "channel", "resolved"]
    many = tuple(OwnField(n, f"f{n}", OwnFieldType.TEXT, "F") for n in range(1, MOST_FIELDS))
    assert [own.name for own in missing_fields(catalog_with(many))] == ["channel"]


def test_deleting_everything_takes_the_samples_fields_along(workspace: Workspace) -> None:
    field_tasks.define_field(workspace, "test", "topic", "category", None, None)
    make_sample(workspace)
    TASKS["delete_all"](workspace, {"name": workspace.settings.name, "actor": "test"}, lambda *_: None)
    assert fields(workspace) == [("topic", "category", "Topic")]


def test_a_sample_in_place_of_own_data_leaves_their_fields(workspace: Workspace, load: Load) -> None:
    load("id,audioDate,field.topic,field.channel\na,2024-01-01,bill,Phone\n")
    make_sample(workspace, replace=True)
    assert [name for name, *_ in fields(workspace)] == ["topic", "channel", "csat", "resolved"]
    assert values(workspace)["topic"] == 0 and values(workspace)["channel"] == 600
    load("id,audioDate\na,2024-01-01\n", replace_sample=True)
    assert [name for name, *_ in fields(workspace)] == ["topic", "channel"]


def test_answers_to_criteria_of_a_sample_leave_its_fields(workspace: Workspace, load: Load) -> None:
    make_sample(workspace)
    before = values(workspace)
    load(
        "evaluationId,criterion,points,maxPoints\nev_000000001,Smile,1,2\n",
        name="answers.csv",
        answers=True,
        replace_sample=True,
    )
    assert fields(workspace) == SAMPLE and values(workspace) == before


def test_a_sample_is_no_way_around_changed_fields(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    make = sample_data.batches

    def meanwhile(*arguments: object) -> object:
        field_tasks.define_field(workspace, "test", "topic", "category", None, None)
        return make(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sample_data, "batches", meanwhile)
    with pytest.raises(FieldError):
        make_sample(workspace)
    assert fields(workspace) == [("topic", "category", "Topic")]


def test_the_catalog_for_imports_has_no_fields_of_the_sample(workspace: Workspace) -> None:
    field_tasks.define_field(workspace, "test", "csat", "number", "Stars", None)
    make_sample(workspace)
    assert [own.name for own in workspace.catalog.own_fields] == ["csat", "channel", "resolved"]
    assert [own.name for own in workspace.import_catalog.own_fields] == ["csat"]


def test_a_backup_keeps_whose_fields_they_are(
    workspace: Workspace, load: Load, settings: Settings, tmp_path: Path
) -> None:
    make_sample(workspace)
    field_tasks.change_field(workspace, "test", "csat", label="Stars")
    path = tmp_path / "kept.zip"
    payload = {"path": str(path), "actor": "test", "with_secret": False, "replace": False}
    TASKS["backup"](workspace, payload, lambda *_: None)
    load(OWN, MAPPED, replace_sample=True)
    workspace.close()
    restore(settings, path, lambda *_: None, replace=True, actor="test")
    again = Workspace(settings)
    assert [name for name, *_ in fields(again)] == ["channel", "csat", "resolved"]
    content = tmp_path / "own.csv"
    content.write_text("id,audioDate\na,2024-01-01\n")
    order = {"files": [(str(content), content.name)], "actor": "test", "replace_sample": True}
    TASKS["import"](again, order, lambda *_: None)
    assert fields(again) == [("csat", "number", "Stars")]
    again.close()


def test_a_changed_type_is_ones_own(workspace: Workspace) -> None:
    make_sample(workspace)
    with workspace.facts.write() as connection:
        names = [own.name for own in own_fields(connection) if own.is_sample]
        held = stored_catalog(connection).own_fields_by_name["csat"]
        connection.execute(sa.update(stored_catalog(connection).evaluations).values({held.column: None}))
    with workspace.facts.write() as connection:
        field_definitions.change_type(connection, "csat", OwnFieldType.TEXT)
        left = [own.name for own in own_fields(connection) if own.is_sample]
        field_definitions.keep_sample_fields(connection)
        assert not connection.scalars(sa.select(schema.fields.c.name).where(schema.fields.c.is_sample)).all()
    assert (names, left) == (["channel", "csat", "resolved"], ["channel", "resolved"])
