"""Tokens: what a client gets for its secret, the keys that sign them, and where others find those keys.

`keys.py` (the ring of signing keys), `grant.py` (who gets which token), `api.py`.
"""
