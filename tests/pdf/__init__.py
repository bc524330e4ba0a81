"""Tests of lib/pdf."""
