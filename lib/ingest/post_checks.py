"""Checks of posts: by the rules of an import, and many short ones at once, as if each had come alone."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate, chain, pairwise

import numpy as np
import pyarrow as pa

from lib.analytics.grants import Grant
from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import OwnField
from lib.errors import BadRowsError, ConflictError
from lib.ingest.api_records import ValidationResult, convert_objects
from lib.ingest.new_fields import with_fields
from lib.ingest.posts import MOST_TOGETHER, Post, refuse_sample
from lib.ingest.source_cells import plain
from lib.settings import Settings
from lib.store.facts import FactStore

Name = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class SentPost:
    """A post as it came, in objects with the canonical columns. `started` is the monotonic clock's, in seconds."""

    objects: Iterable[object]
    actor: str
    grant: Grant
    added: tuple[OwnField, ...] = ()  # fields that are defined with it
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.monotonic)

    @property
    def is_short(self) -> bool:
        """Whether it may be checked with others: it is a list of few, and defines no fields."""
        return isinstance(self.objects, list) and len(self.objects) <= MOST_TOGETHER and not self.added


def check(facts: FactStore, settings: Settings, catalog: Catalog, sent: Sequence[SentPost]) -> list[Post | Exception]:
    """Check one post, or several short ones, by the rules of an import; return for each what was found.

    That is BadRowsError naming the first bad rows where there are any, ConflictError while there are sample data. The
    objects of a post that comes alone are gone through once, and none is kept.
    """
    if not sent:
        return []
    outcomes: dict[int, Post | Exception] = {}
    by_grant: dict[Grant, list[int]] = {}
    for place, each in enumerate(sent):
        by_grant.setdefault(each.grant, []).append(place)
    for places in by_grant.values():
        checked = _checked_together(settings, catalog, [sent[place] for place in places])
        outcomes.update(zip(places, checked, strict=True))
    try:
        with facts.read() as connection:
            refuse_sample(connection)
    except ConflictError as error:
        outcomes = {place: error if isinstance(each, Post) else each for place, each in outcomes.items()}
    return [outcomes[place] for place in range(len(sent))]


def _checked_together(settings: Settings, catalog: Catalog, sent: Sequence[SentPost]) -> list[Post | Exception]:
    """Check posts of one grant: all of them at once, or where anything is wrong with them, each half by itself."""
    if len(sent) == 1:
        try:
            return [_checked_alone(settings, catalog, sent[0])]
        except Exception as error:  # whatever it is, its sender is told
            return [error]
    parts = [[*each.objects] for each in sent]
    try:
        found = convert_objects(chain.from_iterable(parts), settings.zone, sent[0].grant, catalog)
    except Exception:  # whatever it is, whose fault it is shows when each is checked alone
        found = None
    if found is None or found.bad or len(found.batches) > 1:
        middle = len(sent) // 2
        return [
            *_checked_together(settings, catalog, sent[:middle]),
            *_checked_together(settings, catalog, sent[middle:]),
        ]
    (rows,) = found.batches
    # Where none is bad, a row's number is its object's place among all of them.
    ends = [0, *accumulate(map(len, parts))]
    bounds = np.searchsorted(rows.column("seq").to_numpy(), ends).tolist()
    ids, names = rows.column("id").to_pylist(), _names(rows, catalog, bounds)
    posts: list[Post | Exception] = []
    for each, objects, (start, stop), named in zip(sent, parts, pairwise(bounds), names, strict=True):
        count = stop - start
        own = ValidationResult((rows.slice(start, count),), len(objects), len(objects) - count, 0, ())
        digest = hashlib.sha256()
        deque(_digested(objects, digest), maxlen=0)
        post = Post(
            actor=each.actor,
            grant=each.grant,
            settings=settings,
            known=catalog,
            added=(),
            found=own,
            ids=tuple(ids[start:stop]),
            names=named,
            digest=digest.hexdigest(),
            started_at=each.started_at,
            started=each.started,
        )
        posts.append(post)
    return posts


def _checked_alone(settings: Settings, catalog: Catalog, sent: SentPost) -> Post:
    digest = hashlib.sha256()
    found = convert_objects(
        _digested(sent.objects, digest), settings.zone, sent.grant, with_fields(catalog, sent.added)
    )
    if found.bad:
        problems = [
            f"row {problem.row}, {problem.column}: '{problem.value}' {problem.problem}; right would be {problem.right}"
            for problem in found.problems[:5]
        ]
        raise BadRowsError(f"Nothing was loaded: {found.bad} bad of {found.read}. " + ". ".join(problems) + ".")
    ids = tuple(each for batch in found.batches for each in batch.column("id").to_pylist())
    names = frozenset[Name]()
    if len(ids) <= MOST_TOGETHER:
        names = names.union(*(_names(batch, catalog, (0, len(batch)))[0] for batch in found.batches))
    return Post(
        actor=sent.actor,
        grant=sent.grant,
        settings=settings,
        known=catalog,
        added=sent.added,
        found=found,
        ids=ids,
        names=names,
        digest=digest.hexdigest(),
        started_at=sent.started_at,
        started=sent.started,
    )


def _names(rows: pa.RecordBatch, catalog: Catalog, bounds: Sequence[int]) -> list[frozenset[Name]]:
    """Return what names rows give, of those from each bound to the next."""
    named = [
        (each.staged_id, *(plain(rows.column(name)).to_pylist() for name in (each.staged_id, each.staged_name)))
        for each in catalog.stored_dimensions
    ]
    return [
        frozenset(
            (column, number, name)
            for column, ids, names in named
            for number, name in zip(ids[start:stop], names[start:stop], strict=True)
            if number and name
        )
        for start, stop in pairwise(bounds)
    ]


def _digested(objects: Iterable[object], digest: hashlib._Hash) -> Iterator[object]:
    """Give the objects on, and take the digest of the JSON array that they make."""
    digest.update(b"[")
    for index, entry in enumerate(objects):
        text = json.dumps(entry, sort_keys=True, default=str)
        digest.update((f", {text}" if index else text).encode())
        yield entry
    digest.update(b"]")
