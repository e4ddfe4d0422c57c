"""One feed: what changed in all services, with one cursor.

rules.py     the cursor, and which changes a caller asks for; pure
filters.py   which changes a caller or a subscription asks for
joining.py   read the services' feeds side by side and join them; wait for the next change
schemas.py   changes on the wire
api.py       `GET /v1/changes`
"""
