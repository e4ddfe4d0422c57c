"""Targets: planned values of figures, each under a decision; a revision never loses the earlier value."""
