"""The visitor's language: the link's before the session's before the browser's, and English where nobody knows it."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

SCRIPT = """
import streamlit as st
from lib.i18n import t
from lib.ui import language
language.choose()
st.text(t("Campaign"))
st.text(st.session_state["_default_lang"])
"""


@pytest.mark.parametrize(
    ("of_browser", "of_session", "of_link", "word", "default"),
    [
        (None, None, None, "Campaign", "en"),
        ("es", None, None, "Campaña", "es"),
        ("ES-cl", None, None, "Campaña", "es"),
        ("fr-FR", None, None, "Campaign", "en"),
        ("es", "en", None, "Campaign", "es"),
        ("en-GB", "es", "fr", "Campaign", "en"),
        ("en-GB", "en", "es", "Campaña", "en"),
    ],
)
def test_what_is_spoken(
    of_browser: str | None,
    of_session: str | None,
    of_link: str | None,
    word: str,
    default: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(st.context), "locale", of_browser)
    app = AppTest.from_string(SCRIPT)
    if of_session:
        app.session_state["lang"] = of_session
    if of_link:
        app.query_params["lang"] = of_link
    app.run()
    assert not app.exception
    assert [text.value for text in app.text] == [word, default]
