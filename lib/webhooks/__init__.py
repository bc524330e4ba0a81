"""Webhooks: programs that are called when something happens here."""
