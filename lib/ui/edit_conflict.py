"""What an editor draws where somebody else has saved meanwhile: one of both is chosen before anything is replaced."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from lib.access.users import Role
from lib.i18n import t
from lib.ui import current_user


def draw(
    message: str, key: Callable[[str], str], take_theirs: Callable[[], None], keep_mine: Callable[[], None]
) -> None:
    """Draw the choice between what is stored and what the inputs hold; saving is refused until it is made."""
    st.info(message)
    with st.container(horizontal=True, gap="small"):
        for label, name, act in (
            (t("Show their version"), "theirs", take_theirs),
            (t("Keep my inputs"), "mine", keep_mine),
        ):
            st.button(label, key=key(name), on_click=current_user.acting(act, Role.ANALYST))
