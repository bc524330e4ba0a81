"""Mutations: each place in a module's text where a small fault can be put, and the text with that fault.

Faults of five kinds: another comparison, another operation, a condition turned around, another constant, nothing
returned. Annotations, docstrings and texts that people read stay as they are.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATIONS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*([_.-][A-Za-z0-9]+)*")
"""A text that a program reads: a name, a code. What people read has spaces."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One fault: where it is, what is there, what takes its place, and the module's whole text with it."""

    line: int
    before: str
    after: str
    text: str


def mutations(text: str) -> list[Mutation]:
    """Return every mutation of a module, in the order of its text."""
    tree = ast.parse(text)
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    source = text.encode()
    found = []
    for node, mutant in _mutants(tree):
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        before, after = source[begin:end].decode(), ast.unparse(mutant)
        if isinstance(mutant, ast.expr):
            after = f"({after})"
        changed = (source[:begin] + after.encode() + source[end:]).decode()
        found.append((begin, Mutation(node.lineno, " ".join(before.split()), after, changed)))
    return [mutation for _, mutation in sorted(found, key=lambda each: (each[0], each[1].after))]


def _mutants(tree: ast.Module) -> Iterator[tuple[ast.expr | ast.stmt, ast.expr | ast.stmt]]:
    """Yield each node that can be changed with what takes its place."""
    for node in _nodes(tree):
        if isinstance(node, ast.Compare):
            for place, operator in enumerate(node.ops):
                mutant = copy.deepcopy(node)
                mutant.ops[place] = COMPARISONS[type(operator)]()
                yield node, mutant
        elif isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS and not _is_text(node):
            yield node, ast.BinOp(node.left, OPERATIONS[type(node.op)](), node.right)
        elif isinstance(node, ast.BoolOp):
            yield node, ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            yield node, node.operand
        elif isinstance(node, ast.Constant):
            value = _other(node.value)
            if value is not None:
                yield node, ast.Constant(value)
        elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
            yield node, ast.Return(ast.Constant(None))


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of what runs: no annotation, no text by itself, no part of a text that is put together."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr):
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue
            if isinstance(child, ast.keyword) and child.arg == "slots":  # which changes nothing but memory
                continue
            if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
                continue
            yield child
            yield from _nodes(child)


def _other(value: object) -> bool | int | float | str | None:
    """Return another constant of the same kind; None for one that stays."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str) and _CODE.fullmatch(value):
        return f"{value}_"
    return None


def _is_text(node: ast.BinOp) -> bool:
    """Return whether a text is put together or repeated."""
    sides = (node.left, node.right)
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    )


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
