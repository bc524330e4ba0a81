"""Tests of lib/catalog."""
