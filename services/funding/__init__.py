"""Funding: the money of the programs, as an append-only ledger of integer đồng.

It owns what was assigned, allocated, committed, disbursed and carried over, by which decision and under which voucher.

**Terms.** An **entry** is one fact of the ledger; it never changes. The central government makes an **assignment** to a
province, which makes **allocations** and **supplements** of it. A **sub-allocation** passes money on to a unit below, and a
**transfer** moves it between lines. A **commitment** reserves money, a **disbursement** pays it, a **confirmation** of the
treasury confirms the payment. A **recovery** is money of a payment that came back, and a **remittance** hands it back to the budget
where it cannot be paid again. A **carry-over** moves money into the next year, a **cancellation** cuts it from the plan, and
a **return** gives it back. A **succession** passes money of a unit that ended to the unit that answers. An **opening balance** is from before this ledger, a **reversal** undoes one
entry on a day of its own, and a **correction** states that an entry was never true and takes the day of that entry.

A **line** is a year, program, component, capital kind, source and unit; a unit may be an agency. A **lot** is the money of a
line that has one **year of origin**, which money keeps wherever it goes. A **posting** is the change that an entry makes to a
lot, so the balance of a lot is the sum of its postings. Of a lot, money is **available** that came in and was neither given on
nor cancelled; **left** is what was neither disbursed, returned nor carried out; **reserved** is what is committed and unpaid.

**Rules.** An entry is decided under locks on its lots, in the transaction that inserts it: two entries never take the
same đồng, and two allocations never use the same assignment. The oldest year of origin is taken first, unless the entry
names one. Central money is given to a unit by the unit above. A reversal or a correction undoes one whole entry, once,
and is refused where the money was used. What an entry takes is there on its own day and on every later one. A voucher (a
paper and the line that it pays) identifies one entry, however often, by whichever way and in whichever spelling it is
sent. An entry without a voucher is refused where an entry in effect has the same kind, lines, amount, year of origin and
decision, unless it names that entry and why it is another fact (`distinct_from`).

A **closing** closes a budget year of a province under a paper and freezes its amounts; an entry into a closed year names the
decision that reopens it.

Payments have two **books**: as agencies report them, and as the treasury confirms them. Neither overwrites the other, and
every rate names its book. What is cut, given on, returned or carried over is paid in neither.

**Who reads.** Sums are public. Entries, vouchers, projects, closings and the journal are read by every client that has a scope,
whatever its programs and units: the money of a unit comes from another one, and who checks a sum has to see all of it. Only writing
is held to programs and units.

The service never changes or deletes an entry, never lets a lot fall below zero, never rounds an amount and never averages a
rate. It knows nothing of reports and indicators. Programs, components, sources and agencies are dated facts (`data/`).
"""
