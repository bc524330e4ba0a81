"""Where mail may go."""

from __future__ import annotations


def may_get_mail(address: str, domains: frozenset[str], *, has_account: bool) -> bool:
    """Return whether mail may go to a plain address: of somebody with an account, or of a domain that is allowed."""
    return has_account or "*" in domains or address.rpartition("@")[2] in domains
