"""Patience with a page: whatever is done to one is over when all that follows from it is drawn.

Streamlit answers a click by a run of the page's script on the server, and draws what comes of it part by part, each kind
of part by code that is loaded when first needed. A test that reads or clicks in between sees the page of before, the next
one, or both. So every browser's page notes what it asked of the server, and every act waits until that is answered and
drawn. No test has to think of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.waiting import LONG_SECONDS

_NOTE = """(() => {
    const RERUN = 11, NEW_SESSION = 4, HASH = 1, METADATA = 2;  // fields of Streamlit's BackMsg and ForwardMsg
    const heard = new WeakSet();
    const kind = bytes => {  // the first field that is neither hash nor metadata, which are texts of bytes
        for (let at = 0; at < bytes.length;) {
            const field = bytes[at] >> 3;
            if (field !== HASH && field !== METADATA) return field;
            let length = 0, shift = 0, byte;
            do { byte = bytes[++at]; length |= (byte & 127) << shift; shift += 7; } while (byte & 128);
            at += 1 + length;
        }
    };
    window.unanswered = false;
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (data) {
        if (!heard.has(this)) {
            heard.add(this);
            this.addEventListener('message', told => {
                if (told.data instanceof ArrayBuffer && kind(new Uint8Array(told.data)) === NEW_SESSION)
                    window.unanswered = false;
            });
        }
        if (typeof data !== 'string' && kind(new Uint8Array(data)) === RERUN) window.unanswered = true;
        return send.call(this, data);
    };
})()"""
"""Notes whether a run of the script was asked for that has not begun yet."""

_SETTLED = """() => new Promise(settled => {
    const drawn = () => {
        if (!document.querySelector('#root')) return document.readyState === 'complete';  // not a page of Streamlit's
        return !window.unanswered
            && document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
            && document.querySelector('h1, [data-testid=stAlert]')
            && !document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton], [data-stale=true]');
    };
    let quiet = 0;  // looks in a row at which nothing had changed: fewer where the browser itself is kept waiting
    const watch = new MutationObserver(() => { quiet = 0; });
    watch.observe(document, {subtree: true, childList: true, characterData: true});
    const look = setInterval(() => {
        quiet = drawn() ? quiet + 1 : 0;
        if (quiet < 8) return;
        clearInterval(look);
        watch.disconnect();
        settled(true);
    }, 50);
})"""

_ACTS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (Page, ("goto", "reload", "go_back", "go_forward", "set_input_files")),
    (Locator, ("click", "check", "fill", "press", "set_input_files")),
)


def settle(page: Page) -> None:
    """Wait until a page is drawn: its heading, or why there is none, all runs at their end, no change for 0.4 seconds."""
    page.wait_for_function(_SETTLED)


@contextmanager
def kept() -> Iterator[None]:
    """Have every page note what it asks for and take its time, and every act on one followed by `settle`."""
    expect.set_options(timeout=LONG_SECONDS * 1000)  # nothing is measured by it, and the machine may be busy
    with pytest.MonkeyPatch.context() as patch:
        for name in ("new_context", "new_page"):
            patch.setattr(Browser, name, _noting(getattr(Browser, name)))
        for kind, names in _ACTS:
            for name in names:
                patch.setattr(kind, name, _settling(getattr(kind, name)))
        yield


def _noting(opened: Callable[..., Any]) -> Callable[..., Any]:
    def noting(*arguments: Any, **more: Any) -> Any:
        found = opened(*arguments, **more)
        found.add_init_script(_NOTE)
        found.set_default_timeout(LONG_SECONDS * 1000)
        return found

    return noting


def _settling(act: Callable[..., Any]) -> Callable[..., Any]:
    def settling(target: Any, *arguments: Any, **more: Any) -> Any:
        result = act(target, *arguments, **more)
        settle(target if isinstance(target, Page) else target.page)
        return result

    return settling
