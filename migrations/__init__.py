"""Migrations: a history of revisions for each schema, and `python -m migrations`, which applies them.

Histories that several schemas share (`kit`, `territory`, `reporting`) are applied in each of them, under a version table of
their own. A released revision is never changed; a change is a new revision that works with the code already running.
"""
