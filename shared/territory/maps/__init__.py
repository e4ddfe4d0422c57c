"""Versions of the map: tables that an office loads, checked row by row, kept as history, and followed by every service.

`rules.py`, `rows.py` (pure); `store.py`; `schemas.py`; `actions.py`; `api.py` (mounted by the gateway); `map_consumer.py` (the
task by which a service follows the gateway's versions).
"""
