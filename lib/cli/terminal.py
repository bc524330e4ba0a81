"""What commands write: texts of files and names that others gave must not steer the terminal that shows them."""

from __future__ import annotations

import re

import click

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tabs and line ends, and those that turn the direction of writing."""


def echo(text: str = "", *, err: bool = False) -> None:
    r"""Write a line, control characters in it as `\x1b`."""
    click.echo(_CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text), err=err)
