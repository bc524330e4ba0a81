"""What the parts of a formula are called in errors."""

from __future__ import annotations

from fractions import Fraction

from lib.catalog.formulas.syntax import BinaryNode, CallNode, NameNode, Node, NullNode, NumberNode, TextNode


def what(node: Node) -> str:
    """Return what a part is called in an error."""
    if isinstance(node, NameNode):
        return node.name
    if isinstance(node, CallNode):
        return f"{node.function}(…)"
    if isinstance(node, TextNode):
        return f'"{node.value[:40]}"'
    if isinstance(node, NumberNode):
        return written(node.value)
    if isinstance(node, BinaryNode):
        return f"… {node.operator} …"
    return "null" if isinstance(node, NullNode) else "(…)"


def written(number: Fraction) -> str:
    """Return a number as people write it."""
    return f"{float(number):g}"
