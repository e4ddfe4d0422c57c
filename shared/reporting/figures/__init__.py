"""Figures: what follows from the observations that stand, with target, coverage and lineage; and the roll-ups behind."""
