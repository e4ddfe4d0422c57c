"""Composed answers: the status of the province, made of one part from each service.

A **part** is the answer of one service for one period, unit and basis. Parts are fetched side by side, each with its own
deadline. A service that does not answer in time is shown with its **last known** value and its age (`stale`); one that
never answered is `unavailable`, with the reason. The status is `complete` only when every part is `fresh`. Identical
reads at the same moment share one request, which asks only for changes (`If-None-Match`).

`parts.py` (fetch and remember parts), `status.py` (pure: parts into one answer), `schemas.py`, `api.py`.
"""
