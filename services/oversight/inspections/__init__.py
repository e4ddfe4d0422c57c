"""Inspections: teams, the units that they visited, what they found."""
