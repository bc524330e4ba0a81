"""The versions that loaded rows come with: one for each import that is loaded, which a row's `seq` tells."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from lib.analytics.grants import Grant

PART_ROWS = 2**20
"""Where several imports are loaded together, the `seq` of the rows of each begin at its place × this."""

POST_ROWS = 2**10
"""Where posts are loaded, the `seq` of the rows of each begin at its place among all of them × this, in its import."""


@dataclass(frozen=True, slots=True)
class Versions:
    """A version for each import that is loaded, the first of them being `first`; and what the sender of each may see.

    With `by_post` the rows are of posts, which are found as if they had come one after the other.
    """

    first: int
    grants: tuple[Grant, ...]
    by_post: bool = False

    @property
    def last(self) -> int:
        """The last of them, which the facts have afterwards."""
        return self.first + len(self.grants) - 1

    @property
    def all(self) -> range:
        """All of them, in order."""
        return range(self.first, self.last + 1)

    def of(self, seq: int) -> int:
        """Return the version of a row."""
        return self.first if len(self.grants) == 1 else self.first + seq // PART_ROWS

    def post(self, seq: int) -> int:
        """Return which of the posts a row is of, in the order in which they came."""
        return seq % PART_ROWS // POST_ROWS if self.by_post else 0

    def renames(self, version: int) -> bool:
        """Return whether the rows of a version rename: who sees a part of the data has no say in what others read."""
        return self.grants[version - self.first].everything

    def column(self, seq: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
        """Return the version of each row."""
        first = sa.literal(self.first, sa.Integer)
        if len(self.grants) == 1:
            return first
        return first + sa.cast(shifted_right(seq, PART_ROWS), sa.Integer)


def shifted_right(seq: sa.ColumnElement[int], rows: int) -> sa.ColumnElement[int]:
    """Return numbers divided by a power of two, without what is left over."""
    return seq.bitwise_rshift(sa.literal(rows.bit_length() - 1, sa.Integer))
