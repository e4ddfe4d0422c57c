"""The journal: entries in commit order, sealed into blocks that are chained by their hashes.

The sealer runs beside the requests and only adds, so writers never wait for each other for its sake. Whoever has noted the
hash of a block can later tell that no entry up to it was changed, added or removed. `python -m services.funding.journal`
verifies the chain and recomputes every balance from entry one.
"""
