"""The parameters of paths, for the OpenAPI: those of their own, and the filters as the catalog declares them.

The framework's parameters would read them, too, and take the last of a value that may be given once.
"""

from __future__ import annotations

from typing import Any

from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, EnumDimension, FlagDimension
from lib.catalog.ranged_fields import RangedField
from lib.store.enums import NONE_NAME

TEXT: dict[str, Any] = {"type": "string"}


def query(catalog: Catalog, *own: dict[str, Any]) -> dict[str, Any]:
    """Return what a path says of its query: its own parameters, then the filters."""
    return {
        "parameters": [
            *own,
            parameter(
                "dateFrom", "First day (or instant) of the period, ISO 8601.", {**TEXT, "examples": ["2024-01-01"]}
            ),
            parameter("dateTo", "Last day (or instant), inclusive.", {**TEXT, "examples": ["2024-01-31"]}),
            *map(_filter, catalog.filters),
            *(end for each in catalog.ranged_fields for end in _range(each)),
            ZONE,
        ]
    }


def parameter(name: str, description: str, schema: dict[str, Any] = TEXT) -> dict[str, Any]:
    """Return what is said of one parameter, which may be left out."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


ZONE = parameter("timezone", "IANA zone that days are meant in; default: the workspace's.")


def _range(field: RangedField) -> list[dict[str, Any]]:
    low, high = field.parameters
    number = {"type": "number"}
    return [
        parameter(low, f"The least {field.name}, inclusive; evaluations without one are left out.", number),
        parameter(high, f"The greatest {field.name}, inclusive; evaluations without one are left out.", number),
    ]


def _filter(dimension: Dimension) -> dict[str, Any]:
    if isinstance(dimension, FlagDimension):
        return parameter(dimension.parameter, "`true` or `false`.")
    description = f"Any of these {dimension.plural}; may be repeated."
    if isinstance(dimension, EnumDimension):
        description += f" Right are {', '.join(f'`{value.id}`' for value in dimension.values)}."
    elif dimension.is_grouping:
        description += f" `{NONE_NAME}`: without one."
    return parameter(dimension.parameter, description, {"type": "array", "items": TEXT})
