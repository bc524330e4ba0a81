"""Tests of lib/statistics."""
