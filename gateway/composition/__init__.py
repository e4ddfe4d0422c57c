"""The overview: one picture of the province, composed of a part from every service.

A **part** is what one service says for one period, unit and basis. Parts are fetched side by side, each with its own
deadline. One that does not answer is said from its **last known** value, with its age, and marked `stale`; one that was
never seen is `unavailable`, with the reason. The answer is `complete` only when every part is `fresh`; it never hides a
gap. Identical reads at the same moment share one fetch, and a fetch asks only for what changed (`If-None-Match`).

`parts.py` (fetching and remembering), `composition.py` (pure: parts into one answer), `schemas.py`, `api.py`.
"""
