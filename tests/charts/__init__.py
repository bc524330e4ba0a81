"""Tests of charts: what they say, and what becomes of them as pictures and on paper."""
