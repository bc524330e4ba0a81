"""A workspace's own fields: defined by an import, asked about like what every evaluation has, changed and deleted."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lib.analytics import breakdowns, field_definitions, integrity, queries
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.analytics.record_fields import record_values
from lib.analytics.records import records
from lib.backup.create import BackupRequest, create
from lib.backup.restore import restore
from lib.catalog.own_fields import OwnField, OwnFieldType
from lib.errors import ConflictError, FieldError, FieldsChangedError, InvalidParameterError
from lib.ingest import loader, staging, undo
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

MAPPING = """
[columns]
id = "Call"
audioDate = "When"
campaignId = "Campaign"
callCenterId = "Center"
averageNote = "Score"
[fields]
channel = "Channel"
csat = { column = "CSAT", type = "number", label = "Satisfaction", unit = "points" }
resolved = { column = "Resolved", type = "yes_no", yes = ["Y"], no = ["N"], label = "Resolved on first contact" }
remark = { column = "Comments", type = "text" }
escalatedAt = { column = "Escalated", type = "instant" }
"""
CHANNELS = ["chat", "phone", "mail", ""]


def rows(count: int = 400, seed: int = 1) -> list[dict[str, str]]:
    """Return rows of a file with columns of its own, some of whose cells are empty."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        csat = Decimal(chance.randrange(-20_000, 60_000)) / 10_000
        when = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=3 * number)
        made.append(
            {
                "Call": f"c{number:05}",
                "When": when.isoformat(),
                "Campaign": chance.choice("AB"),
                "Center": chance.choice("XYZ"),
                "Score": f"{chance.randrange(101) / 10}",
                "Channel": chance.choice(CHANNELS),
                "CSAT": "" if chance.random() < 0.2 else str(csat),
                "Resolved": chance.choice(["Y", "N", ""]),
                "Comments": chance.choice(["", "called, twice", "=1+1", "ñandú"]),
                "Escalated": "" if chance.random() < 0.5 else (when + timedelta(hours=1)).isoformat(),
            }
        )
    return made


def csv_of(made: list[dict[str, str]]) -> str:
    """Return rows as a CSV."""
    lines = [",".join(made[0])]
    lines += [",".join(f'"{cell}"' for cell in row.values()) for row in made]
    return "\n".join(lines) + "\n"


def asked(workspace: Workspace, **parameters: list[str]) -> Filters:
    """Return filters of the workspace's catalog as it is now."""
    named = {name.replace("__", "."): values for name, values in parameters.items()}
    return Filters.from_parameters(named, workspace.settings.zone, EVERYTHING, workspace.catalog)


def by(workspace: Workspace, field: str, filters: Filters | None = None) -> dict[str, int]:
    """Return how many evaluations each group of a dimension has."""
    catalog = workspace.catalog
    dimension = next(each for each in catalog.filters if each.name == field)
    with workspace.facts.read() as connection:
        found = breakdowns.breakdown(connection, filters or asked(workspace), workspace.calendar, dimension)
    return {group.named.name: group.sums["evaluations"] for group in found.groups}


def counted(made: list[dict[str, str]], column: str, names: dict[str, str]) -> dict[str, int]:
    """Count rows by a column, here."""
    found: dict[str, int] = defaultdict(int)
    for row in made:
        found[names.get(row[column], row[column])] += 1
    return dict(found)


@pytest.fixture
def made(load: Load) -> list[dict[str, str]]:
    """Load the rows."""
    found = rows()
    report = load(csv_of(found), MAPPING)
    assert (report.bad, report.loaded.added, len(report.new_fields)) == (0, len(found), 5)
    return found


def test_fields_are_defined_by_the_import(workspace: Workspace, made: list[dict[str, str]]) -> None:
    with workspace.facts.read() as connection:
        uses = field_definitions.fields_in_use(connection, EVERYTHING)
    assert [(use.own.name, use.own.type, use.own.label, use.own.unit, use.values) for use in uses] == [
        ("channel", "category", "Channel", None, sum(row["Channel"] != "" for row in made)),
        ("csat", "number", "Satisfaction", "points", sum(row["CSAT"] != "" for row in made)),
        ("resolved", "yes_no", "Resolved on first contact", None, sum(row["Resolved"] != "" for row in made)),
        ("remark", "text", "Remark", None, sum(row["Comments"] != "" for row in made)),
        ("escalatedAt", "instant", "Escalated at", None, sum(row["Escalated"] != "" for row in made)),
    ]


def test_breakdowns_and_filters_count_what_the_file_holds(workspace: Workspace, made: list[dict[str, str]]) -> None:
    assert by(workspace, "field.channel") == counted(made, "Channel", {"": "(none)"})
    assert by(workspace, "field.resolved") == counted(made, "Resolved", {"": "(none)", "Y": "Yes", "N": "No"})
    chat = asked(workspace, field__channel=["chat", "(none)"], field__resolved=["true"], campaignId=["A"])
    chosen = [
        row for row in made if row["Channel"] in ("chat", "") and row["Resolved"] == "Y" and row["Campaign"] == "A"
    ]
    assert by(workspace, "callCenter", chat) == counted(chosen, "Center", {})
    high = asked(workspace, **{"field__csat__min": ["1.5"], "field__csat__max": ["4"]})
    within = [row for row in made if row["CSAT"] and Decimal("1.5") <= Decimal(row["CSAT"]) <= 4]
    assert by(workspace, "field.channel", high) == counted(within, "Channel", {"": "(none)"})
    assert high == Filters.from_parameters(high.to_parameters(), workspace.settings.zone, EVERYTHING, workspace.catalog)


def test_records_hold_them_as_they_came(workspace: Workspace, made: list[dict[str, str]]) -> None:
    with workspace.facts.read() as connection:
        found = records(connection, asked(workspace), workspace.calendar, page_size=1_000).records
    by_id = {each.id: record_values(each, workspace.settings.zone, workspace.catalog) for each in found}
    for row in made:
        values = by_id[row["Call"]]
        assert values["field.channel"] == (row["Channel"] or None) or values["field.channel"] == "(none)"
        assert values["field.csat"] == (float(row["CSAT"]) if row["CSAT"] else None)
        assert values["field.resolved"] == {"Y": True, "N": False, "": None}[row["Resolved"]]
        assert values["field.remark"] == (row["Comments"] or None)
        escalated = values["field.escalatedAt"]
        assert escalated == (datetime.fromisoformat(row["Escalated"]) if row["Escalated"] else None)


def test_the_facts_hold_together_through_imports_undo_and_deletion(
    workspace: Workspace, load: Load, made: list[dict[str, str]]
) -> None:
    def findings() -> tuple[str, ...]:
        with workspace.facts.read() as connection:
            return integrity.findings(connection, workspace.catalog).lines

    assert findings() == ()
    before = by(workspace, "field.channel")
    changed = [{**row, "Channel": "fax"} for row in made[:50]]
    report = load(csv_of(changed), MAPPING)
    assert (report.loaded.changed, report.new_fields, findings()) == (
        sum(True for _ in changed),
        (),
        (),
    )
    assert by(workspace, "field.channel")["fax"] == 50
    with workspace.facts.write() as connection:
        undo.undo(connection, workspace.catalog, report.id, "test")
    assert by(workspace, "field.channel") == before and findings() == ()
    with workspace.facts.write() as connection:
        field_definitions.delete(connection, "channel")
    assert [own.name for own in workspace.catalog.own_fields] == ["csat", "resolved", "remark", "escalatedAt"]
    assert findings() == ()
    with pytest.raises(KeyError):
        workspace.catalog.filters_by_name["field.channel"]
    again = load(csv_of(made), MAPPING)
    assert [own.name for own in again.new_fields] == ["channel"]
    assert by(workspace, "field.channel") == before and findings() == ()


def test_a_dry_run_names_new_fields_and_defines_none(workspace: Workspace, load: Load) -> None:
    report = load(csv_of(rows(20)), MAPPING, dry_run=True)
    assert [own.name for own in report.new_fields] == ["channel", "csat", "resolved", "remark", "escalatedAt"]
    assert workspace.catalog.own_fields == ()
    bad = load(csv_of([*rows(20), {**rows(1)[0], "Call": "z", "CSAT": "plenty"}]), MAPPING)
    assert bad.bad == 1 and workspace.catalog.own_fields == ()
    assert "field.csat" in str(bad.problems[0].column)


def test_headers_that_are_named_as_fields_are_taken(workspace: Workspace, load: Load) -> None:
    text = (
        "id,audioDate,field.channel,field.csat,field.resolved,field.seen,field.code\n"
        "a,2024-01-01,chat,4.5,true,2024-01-01T10:00:00Z,007\n"
        "b,2024-01-02,,3,false,,008\n"
    )
    assert load(text).loaded.added == 2
    types = {own.name: own.type for own in workspace.catalog.own_fields}
    assert types == {
        "channel": OwnFieldType.CATEGORY,
        "csat": OwnFieldType.NUMBER,
        "resolved": OwnFieldType.YES_NO,
        "seen": OwnFieldType.INSTANT,
        "code": OwnFieldType.CATEGORY,
    }
    assert by(workspace, "field.code") == {"007": 1, "008": 1}


def define(workspace: Workspace, name: str, type_: OwnFieldType, **more: Any) -> OwnField:
    """Define a field by itself."""
    with workspace.facts.write() as connection:
        return field_definitions.define(connection, [OwnField(0, name, type_, more.pop("label", "Label"), **more)])[0]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Channel", "begin with a small letter"),
        ("a b", "begin with a small letter"),
        ("x" * 41, "40 at most"),
        ("", "begin with a small letter"),
        ("audioDate", "is a column that every evaluation has"),
        ("average_note", "is a column that every evaluation has"),
        ("first_contact", "there is 'firstContact'"),
        ("firstcontact", "there is 'firstContact'"),
    ],
)
def test_names_that_no_field_may_have(workspace: Workspace, name: str, words: str) -> None:
    define(workspace, "firstContact", OwnFieldType.YES_NO)
    with pytest.raises(FieldError, match=words):
        define(workspace, name, OwnFieldType.CATEGORY)
    assert len(workspace.catalog.own_fields) == 1


def test_sixty_fields_and_no_more(workspace: Workspace) -> None:
    with workspace.facts.write() as connection:
        field_definitions.define(
            connection, [OwnField(0, f"f{number}", OwnFieldType.NUMBER, "L") for number in range(60)]
        )
    with pytest.raises(FieldError, match="61 fields, of 60 at most"):
        define(workspace, "other", OwnFieldType.TEXT)


def test_more_categories_than_there_may_be(workspace: Workspace, load: Load) -> None:
    many = "\n".join(f"c{number},2024-01-01,v{number}" for number in range(10_001))
    with pytest.raises(FieldError, match="channel would have 10,001 different values, of 10,000 at most"):
        load("id,audioDate,field.channel\n" + many + "\n", "[fields]\nchannel = 'field.channel'\n")
    assert workspace.catalog.own_fields == () and queries_total(workspace) == 0
    fewer = many.rpartition("\n")[0]
    load("id,audioDate,field.channel\n" + fewer + "\n", "[fields]\nchannel = 'field.channel'\n")
    assert queries_total(workspace) == 10_000


def queries_total(workspace: Workspace) -> int:
    """Return how many evaluations there are."""
    with workspace.facts.read() as connection:
        return queries.status(connection).evaluations


def test_a_type_can_change_while_there_are_no_values(workspace: Workspace, load: Load) -> None:
    define(workspace, "channel", OwnFieldType.NUMBER)
    with workspace.facts.write() as connection:
        field_definitions.change_type(connection, "channel", OwnFieldType.CATEGORY)
    load("id,audioDate,field.channel\na,2024-01-01,chat\n")
    assert by(workspace, "field.channel") == {"chat": 1}
    with (
        pytest.raises(FieldError, match="holds 1 values, of the type category, which can't change"),
        workspace.facts.write() as connection,
    ):
        field_definitions.change_type(connection, "channel", OwnFieldType.NUMBER)
    assert by(workspace, "field.channel") == {"chat": 1}


def test_an_archived_field_is_left_out_and_keeps_its_values(
    workspace: Workspace, load: Load, made: list[dict[str, str]]
) -> None:
    before = by(workspace, "field.channel")
    with workspace.facts.write() as connection:
        field_definitions.change(connection, "channel", archived=True)
        field_definitions.change(connection, "csat", archived=True)
    catalog = workspace.catalog
    assert "field.channel" not in catalog.parameters and "field.csat.min" not in catalog.parameters
    assert "field.csat" not in catalog.own_metrics and "field.channel" in catalog.fields
    load(csv_of(rows(30, seed=5)), MAPPING)
    load(csv_of(made), MAPPING)
    with workspace.facts.write() as connection:
        field_definitions.change(connection, "channel", archived=False)
    assert by(workspace, "field.channel") == before


@pytest.mark.usefixtures("made")
def test_an_unknown_field_is_refused_where_filters_are_read(workspace: Workspace) -> None:
    with pytest.raises(InvalidParameterError, match=r"no field field\.chanel .did you mean 'field\.channel'"):
        asked(workspace, **{"field__chanel": ["chat"]})
    with pytest.raises(InvalidParameterError, match=r"channel is of the type category .did you mean 'field\.channel'"):
        asked(workspace, **{"field__channel__min": ["3"]})
    with pytest.raises(InvalidParameterError, match=r"remark is of the type text\."):
        asked(workspace, **{"field__remark": ["x"]})


def test_filters_of_catalogs_with_other_fields_are_not_equal(workspace: Workspace) -> None:
    plain = make_filters(date(2024, 1, 1))
    define(workspace, "channel", OwnFieldType.CATEGORY)
    one = make_filters(date(2024, 1, 1), catalog=workspace.catalog)
    with workspace.facts.write() as connection:
        field_definitions.change(connection, "channel", label="How they came")
    assert len({plain, one, make_filters(date(2024, 1, 1), catalog=workspace.catalog)}) == 3


@pytest.mark.usefixtures("made")
def test_what_is_backed_up_comes_back(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "kept.zip"
    held = [by(workspace, name) for name in ("field.channel", "field.resolved")]
    request = BackupRequest(path, with_secret=False, replace=False)
    create(workspace.facts, workspace.state, workspace.settings, request, lambda *_: None)
    with workspace.facts.write() as connection:
        field_definitions.delete(connection, "channel")
    define(workspace, "other", OwnFieldType.CATEGORY)
    workspace.close()
    restore(workspace.settings, path, lambda *_: None, replace=True, actor="test")
    again = Workspace(workspace.settings)
    try:
        assert [own.name for own in again.catalog.own_fields] == [
            "channel",
            "csat",
            "resolved",
            "remark",
            "escalatedAt",
        ]
        assert [by(again, name) for name in ("field.channel", "field.resolved")] == held
        with again.facts.read() as connection:
            assert integrity.findings(connection, again.catalog).lines == ()
    finally:
        again.close()


@pytest.mark.parametrize("engine", ["postgresql"])
def test_readers_do_not_wait_while_rows_of_new_fields_are_loaded(
    workspace: Workspace, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column takes its table for itself until its transaction ends, which is not to be that of the rows."""
    load("id,audioDate\nfirst,2023-01-01\n")  # the first rows that a table ever gets take it for themselves anyway
    found: list[int] = []
    loaded = loader.apply

    def apply(*args: Any, **more: Any) -> Any:
        done = loaded(*args, **more)
        with workspace.facts.read(seconds=5) as connection:
            found.append(queries.status(connection).evaluations)
            assert connection.execute(sa.select(sa.func.count()).select_from(schema.evaluations)).scalar_one() == 1
        return done

    monkeypatch.setattr(loader, "apply", apply)
    assert load(csv_of(rows(30)), MAPPING).loaded.added == 30
    assert found == [1]


def test_an_import_that_fails_as_it_is_loaded_leaves_no_fields(
    workspace: Workspace, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ConflictError("no")

    with monkeypatch.context() as broken:
        broken.setattr(loader, "apply", fail)
        with pytest.raises(ConflictError):
            load(csv_of(rows(30)), MAPPING)
    assert workspace.catalog.own_fields == ()
    assert load(csv_of(rows(30)), MAPPING).loaded.added == 30


def test_exports_come_back_with_every_value_as_it_was(workspace: Workspace, load: Load) -> None:
    """What a guessed type would write otherwise stays a category: 1.50, Sí, a day, 1E5."""
    columns = {
        "num": ["1", "2", "-0.25"],
        "dec": ["1.50", "2", "3"],
        "version": ["1.0", "2.0", "3.0"],
        "power": ["1E5", "1", "2"],
        "yes": ["Sí", "No", ""],
        "flag": ["true", "false", ""],
        "day": ["2024-01-01", "2024-01-02", ""],
        "moment": ["2024-01-01T10:00:00+00:00", "", "2024-01-02T10:00:00+00:00"],
        "code": ["007", "008", "9"],
    }
    header = ",".join(["id", "audioDate", *(f"field.{name}" for name in columns)])
    lines = [",".join([f"c{n}", "2024-01-01", *(cells[n] for cells in columns.values())]) for n in range(3)]
    load("\n".join([header, *lines]) + "\n")
    types = {own.name: own.type.value for own in workspace.catalog.own_fields}
    assert {name for name, type_ in types.items() if type_ == "category"} == {
        "dec",
        "version",
        "power",
        "yes",
        "day",
        "code",
    }
    assert (types["num"], types["flag"], types["moment"]) == ("number", "yes_no", "instant")
    many = "\n".join(f"m{n},2024-01-01,v{n}" for n in range(1_500))
    load("id,audioDate,field.many\n" + many + "\n")
    assert workspace.catalog.own_fields_by_name["many"].type is OwnFieldType.CATEGORY


def test_categories_that_are_replaced_make_room(workspace: Workspace, load: Load) -> None:
    def bring(prefix: str, count: int) -> None:
        lines = "\n".join(f"c{n},2024-01-01,{prefix}{n if prefix != 'one' else ''}" for n in range(count))
        load("id,audioDate,field.kind\n" + lines + "\n", "[fields]\nkind = 'field.kind'\n")

    bring("a", 6_000)
    bring("one", 6_000)
    bring("b", 6_000)
    assert workspace.catalog.own_fields_by_name["kind"].type is OwnFieldType.CATEGORY
    assert by(workspace, "field.kind")["b0"] == 1 and queries_total(workspace) == 6_000


def test_a_field_that_is_archived_stays_so_with_another_type(workspace: Workspace) -> None:
    define(workspace, "later", OwnFieldType.CATEGORY)
    with workspace.facts.write() as connection:
        field_definitions.change(connection, "later", archived=True)
        assert field_definitions.change_type(connection, "later", OwnFieldType.NUMBER).archived


def test_a_question_about_a_field_that_went_says_so(workspace: Workspace, load: Load) -> None:
    load("id,audioDate,field.channel,field.csat\na,2024-01-01,chat,4\n")
    stale = make_filters(catalog=workspace.catalog)
    for name in ("channel", "csat"):
        with workspace.facts.write() as connection:
            field_definitions.delete(connection, name)
    dimension = stale.catalog.filters_by_name["field.channel"]
    with pytest.raises(FieldsChangedError), workspace.facts.read() as connection:
        breakdowns.breakdown(connection, stale, workspace.calendar, dimension)
    with pytest.raises(FieldsChangedError), workspace.facts.read() as connection:
        records(connection, stale, workspace.calendar)


def test_an_import_goes_by_the_fields_as_they_are_when_it_loads(
    workspace: Workspace, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another import defines the same field, and one more, while this one is read."""
    staged, others = staging.stage, ["channel", "other"]

    def stage(*args: Any) -> Any:
        if others:
            names = others[:]
            others.clear()
            for name in names:
                define(workspace, name, OwnFieldType.CATEGORY)
        return staged(*args)

    monkeypatch.setattr(staging, "stage", stage)
    assert load("id,audioDate,field.channel\na,2024-01-01,chat\n").loaded.added == 1
    assert [own.name for own in workspace.catalog.own_fields] == ["channel", "other"]
    assert by(workspace, "field.channel") == {"chat": 1}
