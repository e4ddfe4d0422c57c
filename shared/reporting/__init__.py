"""The reporting engine: what units state, what reviewers accept, and the figures that follow.

The words. An **indicator** is something a unit counts; a **form** is the set of indicators it states together. A
**report** is what one unit states on one form for one period, for itself or for units below it; it holds
**observations** (unit, indicator, value, status). A **review** accepts or returns it; a form may ask for **steps**
before, each passed at a level of the tree (a commune certifies) and then accepted above it. What a report states
**stands** on a **basis**: `provisional` once submitted, `accepted` once reviewed. A **figure** is made from standing
observations by a formula; a **target** is its planned value under a decision. A **roll-up** is the sum of what stands
below one unit. An **obligation** is what a unit owes for a period, and by when. A **publication** is a vintage of
figures, frozen under a name and a document.

Where things are, in the order of a report's life:

1. `catalogue.py` is what a program measures, as data, and `formulas.py` how its figures are made; `engine.py` is that
   catalogue with the program's registers.
2. `reports/` takes a report in one transaction: every fault of shape and of meaning in one answer, or all of it kept.
   Observations are never changed; a correction is a new report that names the one it supersedes, and says everything
   again. A value that another live report states at the same unit, above it, below it or (a flow) for a longer or
   shorter period is refused, so nothing counts twice; so is nil beside what did happen. `places.py` says who waits
   for whom, and `keeping.py` writes it down, itself last of all; `bulk.py` takes many, a line each; `chain.py` says who
   passes a step and who accepts after it. What follows from the posted values by the program's dated rules
   (`derivations.py`) is kept beside them, marked, with its reasons.
3. A row of `standings` says which report stands for (basis, unit, period, form), from when to when. The present is
   the rows without an end; the past is the rows that held an instant, so `as_of` needs nothing else.
4. `figures/rollups.py` keeps roll-ups current: when what stands changes, those of the touched answering units are
   recomputed from what stands. An answering unit is the lowest one above commune level, so every value lands in exactly
   one roll-up, and a province is the sum of a handful of rows, whatever the number of communes and years.
5. `figures/` answers: sums, ratios of sums, averages, counts of units that satisfy a rule, counts from a register.
   `over_time.py` makes a year of its months: flows add up, of a stock the last counts. `place.py` reads a figure on the
   map of another day; a year of two maps is read on that of its end, and what was stated before lies where its land went.
   `coverage.py` says who has spoken, flows in months, and that nothing happened is a word too. `lineage.py` says from what.
   Rates are divided after summing, never stored, never averaged; one whose sums are of other units says so.
6. `targets/`, `obligations/`, `publications/` and `evidence/` are what surrounds the figures. Two publications differ by
   the reports that moved between them and, where a register counts, by the decisions that it was told.

Whoever changes what stands holds two things to the commit. First the place of the report (`reports/places.py`): the unit
that answers, with all below it, in one year; so roll-ups never race and nothing is stated twice, while districts do not
wait for each other. Then, as late as can be, the write order of the schema (`shared.kit.change_feed`): so instants never go back,
and the change feed is in commit order. Whatever depends on nobody else is done before either is taken. A report is
received at the instant when it is read, and stands from that of its write order on; a reading `as_of` a passed instant waits
for whoever holds the order, so its answer never changes again.

The engine is handed a `Catalogue` by each program and knows none of them. It never rounds, never guesses a missing value,
never takes silence for zero, and never forgets what was said.
"""
