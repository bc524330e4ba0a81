"""The Settings page's part about webhooks: made, tried, switched off and on, deleted; a real receiver is called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.access import signing
from lib.settings import Settings
from lib.webhooks.signatures import signing_secret
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.waiting import LONG_SECONDS
from tests.webhooks.receiver import Receiver, is_signed, plain, receiver

ADMIN = """
from lib import i18n, workspace
from lib.ui import webhooks_admin, current_user
i18n.use("{language}")
current_user.enter(workspace.current())
webhooks_admin.show(workspace.current())
"""


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def space(settings: Settings, server: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.setenv("CALLBOARD_WEBHOOK_HOSTS", f"127.0.0.1:{server.port}")
    monkeypatch.chdir(ROOT)
    yield workspaces.current()
    workspaces.close_current()


def page(language: str = "en") -> AppTest:
    return AppTest.from_string(ADMIN.format(language=language), default_timeout=LONG_SECONDS).run()


def create(app: AppTest, url: str, *events: str) -> None:
    app.text_input[0].set_value(url)
    app.multiselect[0].set_value([*events])
    app.button[-1].click()
    app.run()
    assert not app.exception


def test_a_webhook_from_its_making_to_its_end(space: Workspace, server: Receiver) -> None:
    app = page()
    assert not app.exception and not app.dataframe
    create(app, f"{server.address}/in", "export.ready")
    (webhook,) = space.webhooks.repository.all(None)
    secret = signing_secret(signing.load(space.settings, space.state), webhook)
    assert [code.value for code in app.code] == [secret]
    assert "Copy the signing secret now. It is not shown again." in [each.value for each in app.success]
    app.run()
    assert not app.code, "it is shown once"
    assert app.dataframe[0].value.iloc[0].to_dict()["State"] == "switched on"

    app.button(key="webhook-test").click().run()
    assert [each.value for each in app.success] == ["The test arrived: 200 fine"]
    assert is_signed(server.calls[0], secret)
    server.answer = plain(500, b"**no**")
    app.button(key="webhook-test").click().run()
    assert [each.value for each in app.error] == [r"The test did not arrive: 500 \*\*no\*\*"]
    assert list(app.dataframe[1].value["Answer"]) == ["500 **no**", "200 fine"]

    app.button(key="webhook-switch").click().run()
    assert app.dataframe[0].value["State"].tolist() == ["switched off: somebody switched it off"]
    app.button(key="webhook-switch").click().run()
    assert app.dataframe[0].value["State"].tolist() == ["switched on"]
    app.button(key="webhook-delete").click().run()
    assert not app.exception and not app.dataframe and space.webhooks.repository.all(None) == []


def test_what_is_wrong_is_said(space: Workspace, server: Receiver) -> None:
    app = page()
    create(app, "https://example.com/", "export.ready")
    assert "CALLBOARD\\_WEBHOOK\\_HOSTS" in app.error[0].value or "CALLBOARD_WEBHOOK_HOSTS" in app.error[0].value
    create(app, f"{server.address}/in")
    assert "events should name at least one event" in app.error[0].value
    assert space.webhooks.repository.all(None) == []


@pytest.mark.usefixtures("space")
def test_it_is_there_in_spanish(server: Receiver) -> None:
    app = page("es")
    create(app, f"{server.address}/in", "export.ready")
    assert app.dataframe[0].value["Estado"].tolist() == ["encendido"]
    app.button(key="webhook-test").click().run()
    assert [each.value for each in app.success] == ["La prueba llegó: 200 fine"]
