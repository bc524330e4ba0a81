"""Formulas over real evaluations."""
