"""The reporting engine: what units report, what reviewers accept, and the figures that are made from it.

Terms. An **indicator** is something a unit counts; a **form** is the set of indicators it states together. A **report** is
what one unit states on one form for one period under one **standard** (the dated definition that it was measured by), for
itself or for units below it; it holds **observations** (unit, indicator, value, status). An indicator may be stated by the
members of a **dimension**, a closed list. A **review** accepts, returns or withdraws a report, or passes it through a step of its form's
review chain. A report is **in effect** on a **basis**: `provisional` once it is submitted, `accepted` once it is accepted.
A **roll-up** is the stored sum of the values in effect at and below an answering unit. A **figure** is made from values in
effect by a formula; a **target** is its planned value. An **obligation** is a report that a unit owes. A **publication** is
a frozen vintage of figures.

Where things are, in the order of a report's life:

1. `catalogue/`: what a program measures, as data: indicators, forms, figures, standards, dimensions, and the rules by
   which values are derived. `catalogue_versions/`: replacing it by another version, and keeping each.
   `engine.py`: the catalogue of a program with its registers. `context.py`: what every action needs.
2. `reports/`: submitting and reading reports.
   `reports/request_schemas.py` and `reports/schemas.py`: bodies and answers; `report_content.py`: a report's content as frozen values, and its hash.
   `reports/checking/`: the rules of the content, which find every fault at once; pure.
   `reports/writing/`: the steps of `submit.py`: check, lock, find overlaps, write, refresh roll-ups, publish.
   `reports/writing/overlaps.py`: why a value may not be stated twice. `reports/writing/sql.py`: the statements and locks.
   `reports/bulk.py`: many reports in one request, a line each.
3. `reviews/`: accepting, returning and withdrawing reports; review chains.
4. `rollups/`: refreshing the roll-ups of what came into effect or ceased to be.
5. `models.py`: the tables. The table `standings` (the class `EffectiveReport`) records which report is in effect, from when
   to when; the present is its rows without an end.
6. `observations/`: the values in effect at an instant, added up over units and over the parts of a year.
7. `indicators/`: reading the catalogue. `figures/`: reading figures, on the map of any day, with their coverage and lineage.
8. `targets/`, `obligations/`, `publications/`, `evidence/`: planned values, the reporting calendar, vintages, files.
   `registers.py`: what the registers of the programs share.
9. `api.py` and `service.py`: the routes and the service of a program.

What writes (`reports/`, `reviews/`, `rollups/`) imports nothing that reads (`figures/` and what is made of figures).

Decisions: exact commit order (ADR 0001), the past and vintages (0002), locks (0003), partitions (0007), one transaction for
each request (0009), hot statements (0010), roll-ups (0012), standards and dimensions (0016), catalogues as data (0017).
"""
