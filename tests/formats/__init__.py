"""Tests of lib/formats."""
