"""Clients: the systems that call the API, their grants, and their secrets.

`secrets.py` (pure), `rules.py` (pure), `store.py`, `actions.py`, `schemas.py`, `api.py`.
"""
