"""Funding: the money of the programs, as an append-only ledger of integer đồng.

It owns what was allocated, committed, disbursed and carried over, by whom it was decided and which paper says so.

Ten words. An **entry** is one fact of the ledger, never changed; its kinds follow the money. The centre makes an
**assignment** to the province, which makes **allocations** and **supplements** of it; a **sub-allocation** passes money
on to a unit below and a **transfer** moves it between lines; a **commitment** promises it, a **disbursement** pays it,
a **carry-over** takes it into the next year, a **cancellation** cuts it from the plan and a **return** hands it back.
What began before this ledger is an **opening balance**, and a **reversal** undoes an entry. A **line** is what money is
given for: year, program, component, capital kind, source and unit, which may be an agency of one. A **lot** is a line's
money of one **year of origin**, which it keeps wherever it goes. A **posting** is what one entry does to one lot, so
the balance of a lot is the sum of its postings and nothing else. Of a lot's money, what is **available** came in and
was not given on or cut, what is **left** has neither been disbursed, handed back nor carried out, and what is
**reserved** is committed and not paid yet.

Six rules hold it together. An entry takes effect under a lock on its lots, in the transaction that keeps it: two
entries never take the same đồng, nor two allocations the same assigned one. Money is taken from the oldest origin first
unless the entry names one. The centre's money comes to a unit from above: who brings it in holds the unit above. A
reversal undoes one whole entry, once, and is refused where the money has moved on. A voucher stands for one entry,
however often and by whichever way it is sent. An entry without a voucher is refused where one in effect has the same
kind, lines, amount, year of origin and decision, unless it names that one and why it is another fact (`distinct_from`).

Payments stand in two **books**, as agencies report them and as the treasury confirms them; neither overwrites the other,
and every rate says which one it reads.

It never changes or removes an entry, never lets a lot fall below zero, never rounds, never averages a rate, and knows
nothing of reports and indicators. Which programs, components, sources and agencies there are is dated data (`data/`), not code.
"""

# Reading order: `balances.py`, `rules.py`, `catalogue.py`, `proposals.py` (pure); `models.py`, `store.py`, `agencies.py`,
# `places.py`, `desk.py`; then `entries/`, with `assignments/`, `projects/` and `batches/`; `journal/`, which seals them;
# then what only reads: `progress/`, `counterparts/`, `contributions/`, `lapses/`, `reconciliation/`, and `foresight/`,
# which says how a year will probably end.
