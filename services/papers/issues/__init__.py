"""Issued documents: a template filled at one instant, kept with the exact answers and files; never overwritten."""
