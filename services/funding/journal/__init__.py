"""The journal: entries in commit order, sealed into blocks that are chained by their hashes (see ADR 0011).

A background task seals new entries; it only adds, so it does not block writers. Whoever has noted the hash of a block can
prove later that no entry up to it was changed, added or removed. `python -m services.funding.journal` verifies the chain and
recomputes every balance from the first entry on.
"""
