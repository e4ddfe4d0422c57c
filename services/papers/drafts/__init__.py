"""Drafts that a clerk edited: words are free, each figure must equal its source."""
