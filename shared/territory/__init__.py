"""Territory: which administrative units there are on a day, what holds what, and what became of them.

It owns the facts of the official list of units: codes, names, kinds, parents, days of validity, successions, spellings.

Ten words. A **unit** is a province, district, commune or village as it stood from one day to another. A **code** names
a unit on a day and no longer: codes are given again with another meaning, so the key is the code with its **valid
from**. The **level** is the storey in the tree (province, district, commune, village), the **kind** the Vietnamese type
(`xa`, `phuong`, `thi_tran`, `huyen` …) of which several share a level. The **tree of a day** is what holds what on that
day. A **succession** says what a unit became: unchanged (the same land, whatever its name and kind), merged, split by
declared weights, or abolished. The **answering unit** is the lowest one above commune level that holds a unit: the
district, and since there are none, the province. A **share** is where a unit of one day lies on the **map** of another.
A **spelling** is a way of writing a name, known from the official list or the press.

What is shipped (`data/`): Kon Tum's 113 units to 30 June 2025, and since 1 July 2025 the 40 communes that took their
place in the province of Quảng Ngãi (code 51, whose 56 other communes are not known here). The tree is complete from 11
March 2015 on; before that it holds only the units that still stood then, under their last parent. Villages are not
shipped: the rural service registers them, with local codes made of the commune's code, a dot and two digits.

It never guesses: not a district from a code, not a unit from a bare name, not a share of a split. It never changes a
unit that was, never answers without a day, and knows nothing of reports, money or rights.

Reading order: `units.py`, `soundness.py`, `tree.py`, `matching.py` (pure); `tables.py` (the shipped data); `models.py`, `store.py`,
`current.py` (what a running service holds), `asked.py` (which unit a reader means), `schemas.py`, `api.py`.
"""
