"""Criteria sets and thresholds as dated facts, and the verdicts that follow from the values of indicators."""
