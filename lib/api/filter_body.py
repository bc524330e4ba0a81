"""The filters of a selection as fields of a body, under the names that they have in URLs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field

from lib.analytics.ranges import number_text
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import FlagDimension

Ids = str | Annotated[list[str], Field(fail_fast=True)] | None  # all that is wrong with a long list would be long, too


def filter_fields(catalog: Catalog) -> dict[str, Any]:
    """Return the fields of a model that has the filters of a catalog, each with its type and its default."""
    fields: dict[str, Any] = {
        each.parameter: (bool | str | None if isinstance(each, FlagDimension) else Ids, None)
        for each in catalog.filters
    }
    return fields | {name: (float | str | None, None) for each in catalog.ranged_fields for name in each.parameters}


def filter_parameters(body: BaseModel, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the filters of these names in a body as URL parameters would say them."""
    values = {name: value for name in names if (value := getattr(body, name)) is not None}
    return {name: value if isinstance(value, list) else [_text(value)] for name, value in values.items()}


def _text(value: bool | float | str) -> str:
    """Return a value of JSON as a URL parameter would say it."""
    if isinstance(value, bool):
        return str(value).lower()
    is_number = isinstance(value, float | int) and math.isfinite(value)
    return number_text(Decimal(repr(value))) if is_number else str(value)
