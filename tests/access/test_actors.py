"""Who did something: codes and keys in each reader's language, and names as they are."""

from __future__ import annotations

import pytest

from lib.access.actors import SystemActor, actor_in_words, key_actor
from lib.i18n import override_language


@pytest.mark.parametrize(
    ("actor", "english", "spanish"),
    [
        (SystemActor.LOCAL.value, "this machine", "esta máquina"),
        (SystemActor.SIGNED_LINK.value, "signed link", "enlace firmado"),
        (
            key_actor("robot", "cb_live_abcdefgh"),
            "API key robot (cb_live_abcdefgh)",
            "clave de API robot (cb_live_abcdefgh)",
        ),
        ("ann@example.com", "ann@example.com", "ann@example.com"),
        ("time", "time", "time"),  # a user of the machine may be called so
        ("Campaign", "Campaign", "Campaign"),
        ("system:local (subject)", "system:local (subject)", "system:local (subject)"),
    ],
)
def test_an_actor_in_words(actor: str, english: str, spanish: str) -> None:
    assert actor_in_words(actor) == english
    with override_language("es"):
        assert actor_in_words(actor) == spanish
