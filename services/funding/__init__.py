"""Funding: the money of the programs, as an append-only ledger of integer đồng.

It owns what was allocated, committed, disbursed and carried over, by whom it was decided and which paper says so.

Ten words. An **entry** is one fact of the ledger, never changed: an **opening balance** (what began before this ledger
did), an **allocation**, a **commitment**, a **disbursement**, a **carry-over** or a **reversal**. A **line** is what money
is given for: year, program, component, capital kind, source and unit. A **lot** is a line's money of one **year of
origin**; money carried over keeps its origin in every later year. A **posting** is what one entry does to one lot, so the
balance of a lot is the sum of its postings and nothing else. Of a lot's money, what is **available** came in (opening
balance, allocation, carried over), what is **left** has neither been disbursed nor carried out, and what is **reserved**
is committed and not paid yet.

Three rules hold it together. An entry takes effect under a lock on its lots, in the transaction that keeps it: two
entries never take the same đồng. Money is taken from the oldest origin first unless the entry names one. A reversal
undoes one whole entry, once, and is refused where the money has moved on.

It never changes or removes an entry, never lets a lot fall below zero, never rounds, never averages a rate, and knows
nothing of reports and indicators. Which programs, components and sources there are is dated data (`data/`), not code.

Reading order: `rules.py`, `catalogue.py` (pure); `models.py`, `store.py`, `places.py`, `actions.py`, `schemas.py`,
`api.py`; then `progress/`, which only reads.
"""
