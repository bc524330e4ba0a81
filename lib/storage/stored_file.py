"""A file as a storage lists it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a storage: its name, its size in bytes, and when it was put there, in seconds since 1970."""

    name: str
    size: int
    modified_at: float

    @property
    def base_name(self) -> str:
        """Its name without the folder."""
        return self.name.rpartition("/")[2]
