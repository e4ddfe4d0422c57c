"""Assessments of communes: the verdicts on the criteria as they are reported and accepted."""
