"""Territory: the administrative units of each day, their tree, and their successions.

It owns the facts of the official list of units: codes, names, kinds, parents, days of validity, successions, spellings.

Terms. A **unit** is a province, district, commune or village from its first to its last day. A **code** names a unit on
a day: codes are reused for other units, so the key is the code with its **valid from** day. The **level** is the rank in
the tree (province, district, commune, village). The **kind** is the Vietnamese type (`xa`, `phuong`, `thi_tran`, `huyen`
…); several kinds share a level. The **tree of a day** tells which unit lies in which on that day. A **succession** tells
what a unit became: unchanged (the same land, whatever its name and kind), merged, split by declared weights, or
abolished. The **answering unit** is the lowest unit above commune level: the district, or the province where there are
no districts. A **share** is the part of a unit that lies in a unit on the **map** of another day. A **spelling** is a way
of writing a name, from the official list or the press.

Shipped data (inserted by `migrations/territory`): every unit of the country on the maps before and after 1 July 2025. The
first day of a unit whose founding is not known is that of the codes, and its source says so; the tree of Kon Tum is complete
from 11 March 2015. Which parts of a divided commune went where is known, their weights are not. Villages are not shipped:
the rural service registers them, with a code of the commune's code, a dot and two digits,
and every service receives them (`villages/`).

It never guesses a district from a code, a unit from a bare name, or a share of a split. It never changes a unit of the
past, never answers without a day, and knows nothing of reports, money or rights.

Reading order: `units.py`, `consistency.py`, `indexes.py`, `tree.py`, `areas.py`, `rights.py`, `matching.py` (pure); `tables.py` (CSV tables); `models.py`,
`store.py`, `current.py` (the territory of a running service), `query_params.py` (the unit of a request), `schemas.py`,
`api.py`.
"""
