"""Villages as every service knows them: received from the register by its change feed, or loaded with the map.

`rules.py` (pure: kinds, in which commune a village lies on a day), `consumer.py` (the feed), `store.py`, `schemas.py`, `api.py`.
"""
