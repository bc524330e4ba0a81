"""The files that pages are made of: what is sent of them, how, and how long a browser keeps them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import httpx
import pyarrow
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from lib.web.assets import Assets
from lib.web.script_bundles import ScriptBundles
from tests.web.test_gateway import alone

SCRIPT = "const a=1;" + "console.log(a);" * 200 + "export{a};"
REPLACED, PAGE = "<html>theirs</html>", "<html>ours</html>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the files of a pages' server, and beside them those of its application."""
    for name, text in {
        "index.html": REPLACED,
        "other.html": "<html>others</html>",
        "static/js/a.12ab.js": SCRIPT,
        "static/js/b.12ab.js": 'import{a as b}from"./a.12ab.js";globalThis.b=b;export{b as c};',
        "static/css/a.12ab.css": "a{color:red}",
        "static/media/a.12ab.woff2": "a typeface",
        "app/static/icon.svg": "<svg/>",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def ask(folder: Path, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    server = Starlette(
        routes=[Mount("/", StaticFiles(directory=folder, html=True))],
        middleware=[Middleware(GZipMiddleware, minimum_size=1)],
    )
    scripts = ScriptBundles(folder / "static" / "js", {"app": ["b.12ab.js"]}, [])
    app: Any = Assets(
        server, folder=folder, own=folder / "app" / "static", replaced=REPLACED, page=PAGE, bundles=scripts
    )

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a") as client:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers={"accept-encoding": "identity", **sent})

    answer: httpx.Response = alone(asked())
    return answer


def test_scripts_are_packed_for_browsers_that_unpack_them(folder: Path) -> None:
    plain, packed = ask(folder, "/static/js/a.12ab.js"), ask(folder, "/static/js/a.12ab.js", accept_encoding="gzip")
    assert plain.text == packed.text == SCRIPT
    assert "content-encoding" not in plain.headers and int(plain.headers["content-length"]) == len(SCRIPT)
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), 9, mtime=0))
    for answer in (plain, packed):
        assert answer.headers["cache-control"] == "public, immutable, max-age=31536000"
        assert answer.headers["vary"] == "Accept-Encoding" and "javascript" in answer.headers["content-type"]
    assert ask(folder, "/static/css/a.12ab.css", accept_encoding="gzip").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/", "/static/js/a.12ab.js"])
def test_browsers_that_know_brotli_get_the_smallest(folder: Path, path: str) -> None:
    plain, packed = ask(folder, path), ask(folder, path, accept_encoding="gzip, deflate, br, zstd")
    assert packed.headers["content-encoding"] == "br" and packed.headers["etag"] == plain.headers["etag"]
    codec = pyarrow.Codec("brotli")
    assert codec.decompress(packed.content, len(plain.content), asbytes=True) == plain.content


def test_joined_scripts_are_sent_and_kept_as_others_are(folder: Path) -> None:
    scripts = ScriptBundles(folder / "static" / "js", {"app": ["b.12ab.js"]}, [])
    joined = ask(folder, f"/static/js/{scripts.address('app')}", accept_encoding="gzip")
    assert joined.status_code == 200 and SCRIPT.partition("export")[0] in joined.text
    assert joined.headers["content-encoding"] == "gzip" and "javascript" in joined.headers["content-type"]
    assert joined.headers["cache-control"] == "public, immutable, max-age=31536000"
    assert ask(folder, "/static/js/app.000000000000.js").status_code == 404, "of another version"


@pytest.mark.parametrize("path", ["/", "/other.html", "/static/js/a.12ab.js", "/app/static/icon.svg"])
@pytest.mark.parametrize("refused", ["gzip;q=0", "xgzipx"])
def test_what_refuses_gzip_gets_none(folder: Path, path: str, refused: str) -> None:
    """Not by the pages' server either, which looks for the word alone."""
    answer = ask(folder, path, accept_encoding=refused)
    assert answer.status_code == 200 and "content-encoding" not in answer.headers


def test_a_browser_that_has_a_file_gets_no_second_one(folder: Path) -> None:
    for path in ("/static/js/a.12ab.js", "/"):
        tag = ask(folder, path).headers["etag"]
        again = ask(folder, path, if_none_match=f'W/"x", {tag}')
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert ask(folder, path, if_none_match='W/"x"').status_code == 200


def test_our_page_goes_out_in_place_of_the_server_s(folder: Path) -> None:
    answer = ask(folder, "/", accept_encoding="gzip")
    assert (answer.text, answer.headers["cache-control"]) == (PAGE, "no-cache")
    assert answer.headers["content-encoding"] == "gzip" and "last-modified" not in answer.headers
    assert ask(folder, "/other.html").text == "<html>others</html>", "a page of the same length is another page"
    assert ask(folder, "/none.html").status_code == 404


def test_what_a_browser_kept_of_the_server_s_page_is_not_ours(folder: Path) -> None:
    """It visited before an upgrade, and would go on with the page that it has."""
    theirs = httpx.Headers(FileResponse(folder / "index.html", stat_result=(folder / "index.html").stat()).headers)
    for path in ("/", "/index.html"):
        for kept in (
            {"if_none_match": theirs["etag"]},
            {"if_modified_since": theirs["last-modified"]},
            {"if_modified_since": "Fri, 31 Dec 2099 00:00:00 GMT"},
            {"range": "bytes=0-5"},
            {"range": "bytes=0-5", "if_range": theirs["etag"]},
            {"range": "bytes=900-"},
        ):
            answer = ask(folder, path, **kept)
            assert (answer.status_code, answer.text) == (200, PAGE), kept


def test_head_says_what_get_says(folder: Path) -> None:
    for path in ("/", "/other.html", "/none.html", "/static/js/a.12ab.js"):
        for more in ({}, {"accept_encoding": "gzip"}, {"if_none_match": ask(folder, path).headers.get("etag", "x")}):
            get, head = ask(folder, path, **more), ask(folder, path, "HEAD", **more)
            assert (head.status_code, dict(head.headers), head.content) == (get.status_code, dict(get.headers), b"")


def test_the_server_answers_what_it_knows_better(folder: Path) -> None:
    typeface = ask(folder, "/static/media/a.12ab.woff2", accept_encoding="gzip")
    assert typeface.text == "a typeface" and "immutable" not in typeface.headers.get("cache-control", "")
    part = ask(folder, "/static/js/a.12ab.js", range="bytes=0-5", accept_encoding="gzip")
    assert (part.status_code, part.text) == (206, SCRIPT[:6])
    assert ask(folder, "/static/js/a.12ab.js", "POST").status_code == 405


def test_own_files_are_kept_for_a_day(folder: Path) -> None:
    icon = ask(folder, "/app/static/icon.svg")
    assert icon.headers["cache-control"] == "public, max-age=86400, stale-while-revalidate=31536000"
    again = ask(folder, "/app/static/icon.svg", if_none_match=icon.headers["etag"])
    assert again.status_code == 304 and "max-age=86400" in again.headers["cache-control"]


@pytest.mark.parametrize("start", ["/static/", "/static/js/", "/app/static/"])
@pytest.mark.parametrize("name", ["none.js", "a" * 300, "a/" * 3000, "é" * 200, "", "a%00.js", "%ED%A0%80", "%5Ca"])
def test_no_other_name_of_a_file_reaches_the_disk(folder: Path, start: str, name: str) -> None:
    """Some are longer than the disk has any, which the pages' server takes for a fault of its own."""
    for method in ("GET", "HEAD"):
        answer = ask(folder, start + name, method)
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize("path", ["/static/js/%2E%2E/%2E%2E/index.html", "/app/static/..%2Fother.html"])
def test_no_name_of_a_file_leads_out_of_its_folder(folder: Path, path: str) -> None:
    assert ask(folder, path).status_code == 404
