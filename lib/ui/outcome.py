"""What came of a visitor's click: kept from the callback that did it until the drawing that follows says it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from lib.errors import CallboardError
from lib.ui import markdown


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the last click in one place of a page, which is drawn there once."""

    place: str  # what its keys in the visitor's session begin with

    def draw(self) -> None:
        """Say what was done, and what could not be."""
        if message := st.session_state.pop(f"_{self.place}_done", None):
            st.success(message, icon=":material/check_circle:")
        if message := st.session_state.pop(f"_{self.place}_failed", None):
            st.error(message)

    def done(self, message: str) -> None:
        """Have it said, in Markdown, that something was done."""
        st.session_state[f"_{self.place}_done"] = message

    def failed(self, why: CallboardError | str) -> None:
        """Have it said why something could not be done: an error of ours, or Markdown."""
        message = markdown.problem(why) if isinstance(why, CallboardError) else why
        st.session_state[f"_{self.place}_failed"] = message
