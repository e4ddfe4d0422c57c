"""Clients: the systems that call, what each was granted, and the secrets that they prove themselves with.

`secrets.py` (pure), `rules.py` (pure), `store.py`, `actions.py`, `schemas.py`, `api.py`.
"""
