"""How the tokens may be signed by which a provider says who logs in: by a key that the provider alone has.

The library of the log-in takes whatever the provider's own description lists, which often names `none`, no signature
at all, and HS256, whose key is known here too, or may be public.
"""

from __future__ import annotations

import functools
from typing import Any

from lib.errors import ConfigurationError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a private key; who has the public one can't make them."""

_LISTED = "id_token_signing_alg_values_supported"


@functools.cache
def pin_algorithms() -> None:
    """Let log-ins from now on take tokens of these signatures alone. Loads the library, which takes half a second."""
    from authlib.integrations import starlette_client

    class PinnedOAuth2App(starlette_client.StarletteOAuth2App):  # type: ignore[misc]  # it ships no types
        """The client of a provider, which reads no other signature out of the provider's description."""

        async def load_server_metadata(self) -> dict[str, Any]:
            """Return the provider's description. Raises ConfigurationError where it has no signature to take."""
            metadata: dict[str, Any] = await super().load_server_metadata()
            metadata[_LISTED] = _allowed(metadata.get(_LISTED))
            return metadata

    starlette_client.StarletteOAuth2App = PinnedOAuth2App


def _allowed(listed: Any) -> list[str]:
    names = [str(each) for each in listed] if isinstance(listed, list) else []
    if not names:
        return ["RS256"]  # what the standard says where nothing is said
    allowed = [name for name in names if name in ALGORITHMS]
    if not allowed:
        raise ConfigurationError(
            f"The OpenID provider signs its tokens by {', '.join(names)[:200]} alone, which others could make, too. "
            f"Right would be to have it sign by one of {', '.join(ALGORITHMS)}."
        )
    return allowed
