"""Tests of mails: what they say, and what mail programs would make of them."""
