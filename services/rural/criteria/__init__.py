"""Criteria sets: which criteria and indicators, to which thresholds, for which years; and what follows from values."""
