"""Streamlit's own words in other languages: its front end has each of them, and the script says what the catalog says."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import httpx
import pytest
import streamlit.file_util
from starlette.applications import Starlette
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, DeferredFileRequestPayload
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from lib.ui.streamlit_words import ROUTES, TEXTS, script
from tests import message_catalog


def _get(path: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=ROUTES))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.get(path)

    with ThreadPoolExecutor(1) as alone:  # the tests of browsers leave a loop in this thread
        return alone.submit(asyncio.run, asked()).result()


@cache
def _front_end() -> str:
    folder = Path(streamlit.file_util.get_static_dir())
    return "\n".join(path.read_text("utf-8") for path in folder.rglob("*.js"))


PUT_TOGETHER = (
    "The page that you have requested does not seem to exist. Running the app's main page.",
    "1 option available.",
    "{count} options available.",
    "Press Enter to apply",
    "Press Enter to submit form",
)
"""What the front end makes of parts, which are not looked for."""


OF_SERVER = "Failed to generate file for download"
"""What the server says, and the front end shows."""


def _parts() -> Iterator[tuple[str, str]]:
    for text in set(TEXTS).difference(PUT_TOGETHER, [OF_SERVER]):
        for part in re.split(r"\{\w+\}", text):
            if part.strip(" :,."):
                yield text, part.strip(" :,.")


def test_the_front_end_says_each_of_them() -> None:
    """A new version of Streamlit that says something else is noticed here."""
    assert [text for text, part in _parts() if part not in _front_end()] == []


def test_the_server_says_that_a_download_failed() -> None:
    files = MediaFileManager(MemoryMediaFileStorage("/media"))
    request = BackendOperationRequest(deferred_file=DeferredFileRequestPayload(file_id="none"))

    async def answered() -> str:
        return str((await DeferredFileHandler(lambda: files).handle(request, "a session")).error_msg)

    with ThreadPoolExecutor(1) as alone:
        assert alone.submit(asyncio.run, answered()).result() == OF_SERVER and OF_SERVER in TEXTS


def test_the_script_has_them_in_the_language_s_words() -> None:
    answer = _get("/words/es.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    line = next(line for line in answer.text.splitlines() if line.strip().startswith("const words ="))
    words = dict(json.loads(line.partition("= ")[2].partition(", language")[0]))
    entries = message_catalog.entries()
    assert words == {text: entries[None, text] for text in TEXTS}
    assert 'language = "es"' in line and words["No results"] == "Sin resultados"


def test_english_leaves_them_as_they_are() -> None:
    assert 'words = [], language = "en"' in script("en")


@pytest.mark.parametrize("code", ["fr", "es.po", "x"])
def test_there_is_no_script_of_other_languages(code: str) -> None:
    assert _get(f"/words/{code}.js").status_code == 404
