"""The draft of an editor: what it began as, and what its inputs hold, also while another page is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import streamlit as st

NEW = ""
"""What is chosen for something that is not there yet."""

Form = TypeVar("Form")


@dataclass(frozen=True, slots=True)
class FormDraft(Generic[Form]):
    """Something that is being written. Another draft has another number, and so inputs of its own."""

    kind: str  # what its keys begin with
    number: int
    id: str  # of what is changed; NEW for what is not there yet
    version: int  # that it had then; 0 for what is not there yet
    start: Form  # what the inputs begin with

    @property
    def is_new(self) -> bool:
        """Whether it is not there yet."""
        return self.id == NEW

    def key(self, field: str) -> str:
        """Return the key of an input."""
        return f"_{self.kind}-{self.number}-{field}"


class DraftSession(Generic[Form]):
    """The draft of one editor in the visitor's session."""

    def __init__(self, kind: str) -> None:
        """Keep it under keys that begin with the kind."""
        self._kind = kind
        self.chosen = f"_{kind}_chosen"  # the key of the input that chooses what is written
        self._draft, self._values, self._chosen_for = f"_{kind}_draft", f"_{kind}_values", f"_{kind}_chosen_for"

    @property
    def draft(self) -> FormDraft[Form] | None:
        """What is being written; None where nothing is."""
        draft: FormDraft[Form] | None = st.session_state.get(self._draft)
        return draft

    @property
    def values(self) -> Mapping[str, Any]:
        """What the inputs hold, by their fields."""
        values: Mapping[str, Any] = st.session_state.get(self._values, {})
        return values

    def begin(
        self, number: str, start: Form, version: int = 0, values: Mapping[str, Any] | None = None
    ) -> FormDraft[Form]:
        """Begin to write something anew; its inputs hold `values`, else what it begins with."""
        before = self.draft
        draft = FormDraft(self._kind, 1 if before is None else before.number + 1, number, version, start)
        st.session_state[self._draft], st.session_state[self._values] = draft, dict(values or {})
        return draft

    def follow(self, number: str, version: int) -> None:
        """Note that the visitor has changed what is written besides its inputs, which stay as they are."""
        draft = self.draft
        if draft is not None and draft.id == number and version == draft.version + 1:
            st.session_state[self._draft] = replace(draft, version=version)

    def overwrite(self, version: int) -> None:
        """Let the inputs replace what somebody else has saved meanwhile, once they are saved."""
        st.session_state[self._draft] = replace(st.session_state[self._draft], version=version)

    def fill_choice(self, draft: FormDraft[Form]) -> None:
        """Let the choice say what is being written, once a draft is begun and on each return."""
        if self.chosen not in st.session_state or st.session_state.get(self._chosen_for) != draft.number:
            st.session_state[self.chosen], st.session_state[self._chosen_for] = draft.id, draft.number

    def filled(self, draft: FormDraft[Form], field: str, beginning: Callable[[Form, str], Any]) -> str:
        """Return the key of an input that is drawn next; it holds what it last did, or what the draft begins with."""
        key = draft.key(field)
        if key not in st.session_state:
            st.session_state[key] = self.values[field] if field in self.values else beginning(draft.start, field)
        return key

    def keep(self, draft: FormDraft[Form], fields: Iterable[str]) -> None:
        """Remember what the inputs of some fields hold."""
        now = {field: st.session_state[draft.key(field)] for field in fields if draft.key(field) in st.session_state}
        st.session_state[self._values] = {**self.values, **now}
