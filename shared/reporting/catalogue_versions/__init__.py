"""Versions of the catalogue: replacing it, reading its history, and following what another process replaced."""
