"""Draws charts as SVG and PNG and sets pages as PDF, in a child process that lives as long as they take.

The child is run as `python -m lib.charts.render_process`; `Renderer` is the parent's side. Why a child, as measured
with vl-convert 1.9 on two cores: its first chart takes 0.4 s, in which it does not let go of the interpreter's lock
once, so every page and the API would stand still; the following ones take 0.02 s each. It takes 100 MB, and 170 MB for
a page, and never gives them back. A control character in a text ends the whole process. A child costs 0.5 s for a
picture, and takes its memory and its crashes with it. It also has a time zone of its own: Vega reads a day as midnight
in UTC and writes it in the process's zone, so that in New York each day would be called the day before.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from lib.charts.font_metrics import FONTS
from lib.errors import RenderingError
from lib.formats import child_process

AT_ONCE = 2
"""So many children work at once; who comes later waits."""

LONGEST_SECONDS = 30
"""A child that takes longer is ended."""

_MAKES_WAY = "makes-way"

_places = threading.BoundedSemaphore(AT_ONCE)


class Renderer:
    """A child that draws, for one picture or page, or for several; to be used in `with`, by one thread."""

    def __init__(self, *, makes_way: bool = False) -> None:
        """Prepare; a child that makes way draws where nobody else wants to compute."""
        self._arguments = (_MAKES_WAY,) if makes_way else ()

    def __enter__(self) -> Self:
        """Start the child. Raises RenderingError where too many others are at work."""
        if not _places.acquire(timeout=LONGEST_SECONDS):
            raise RenderingError("Too many pictures are being drawn at this moment; try again in a minute.")
        try:
            # What goes wrong is told in the answer.
            self._child = child_process.start(
                "lib.charts.render_process", *self._arguments, stderr=subprocess.DEVNULL, TZ="UTC"
            )
        except BaseException:
            _places.release()
            raise
        self._start_clock()
        return self

    def begin_next(self) -> None:
        """Give the child its time anew, for another picture or page."""
        self._clock.cancel()
        self._start_clock()

    def _start_clock(self) -> None:
        self._clock = threading.Timer(LONGEST_SECONDS, self._child.kill)
        self._clock.daemon = True
        self._clock.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child, whatever it does."""
        self._clock.cancel()
        child_process.end(self._child)
        _places.release()

    def chart(self, spec: Mapping[str, Any]) -> str:
        """Return a Vega-Lite chart as SVG."""
        return self._ask("chart", spec).decode()

    def png(self, svg: str, scale: float) -> bytes:
        """Return an SVG as PNG, with so many pixels for each of its units."""
        return self._ask("png", {"svg": svg, "scale": scale})

    def page(self, template: str, page: Mapping[str, Any]) -> bytes:
        """Return a page as PDF, as a template of Typst sets it; the template reads the page as `sys.inputs.page`."""
        return self._ask("page", {"template": template, "page": page})

    def _ask(self, what: str, of: Mapping[str, Any]) -> bytes:
        assert self._child.stdin and self._child.stdout  # noqa: S101 - asked for
        try:
            self._child.stdin.write(json.dumps([what, of]).encode() + b"\n")
            self._child.stdin.flush()
            head = self._child.stdout.readline()
            length, error = json.loads(head)
            found = self._child.stdout.read(length)
        except (OSError, ValueError):  # the child has ended
            why = (
                f"it took longer than {LONGEST_SECONDS} seconds" if self._clock.finished.is_set() else "its maker ended"
            )
            raise RenderingError(f"The picture could not be drawn: {why}.") from None
        if error or len(found) != length:
            raise RenderingError(f"The picture could not be drawn: {error or 'its maker ended'}.")
        return found


def _set_page(of: dict[str, Any]) -> bytes:
    import typst  # here, as pictures do without it

    inputs = {"page": json.dumps(of["page"])}
    return typst.compile(of["template"].encode(), font_paths=[str(FONTS)], sys_inputs=inputs)


def main() -> None:
    """Be the child: answer each line with a line that has the length or what went wrong, and so many bytes."""
    import vl_convert

    child_process.end_with_parent()
    if _MAKES_WAY in sys.argv:
        child_process.make_way()
    makers: dict[str, Callable[[dict[str, Any]], bytes]] = {
        # Nothing is fetched from anywhere, whatever a chart names.
        "chart": lambda spec: vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]).encode(),
        "png": lambda of: vl_convert.svg_to_png(of["svg"], scale=of["scale"]),
        "page": _set_page,
    }
    for line in sys.stdin.buffer:
        what, of = json.loads(line)
        found, error = b"", ""
        try:
            found = makers[what](of)
        except (ValueError, RuntimeError) as failed:
            error = str(failed)[:500]
        sys.stdout.buffer.write(json.dumps([len(found), error]).encode() + b"\n" + found)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
