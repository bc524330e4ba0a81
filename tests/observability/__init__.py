"""Tests of lib/observability."""
