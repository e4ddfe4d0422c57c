"""Access tokens: the token endpoint, the signing keys, and the published key set.

`keys.py` (the signing keys), `access_tokens.py` (authenticate a client, sign a token), `api.py`.
"""
