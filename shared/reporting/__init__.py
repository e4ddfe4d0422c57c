"""The reporting engine: what units state, what reviewers accept, and the figures that follow.

The words. An **indicator** is something a unit counts; a **form** is the set of indicators it states together. A
**report** is what one unit states on one form for one period, for itself or for units below it; it holds
**observations** (unit, indicator, value, status). A **review** accepts or returns it. What a report states **stands**
on a **basis**: `provisional` once submitted, `accepted` once reviewed. A **figure** is made from standing
observations by a formula; a **target** is its planned value under a decision. A **roll-up** is the sum of what stands
below one unit. An **obligation** is what a unit owes for a period, and by when.

How it works, in the order of a report's life:

1. `reports/` takes a report in one transaction: every fault of shape and of meaning in one answer, or all of it kept.
   Observations are never changed; a correction is a new report that names the one it supersedes.
2. A row of `standings` says which report stands for (basis, unit, period, form), from when to when. The present is
   the rows without an end; the past is the rows that held an instant, so `as_of` needs nothing else.
3. `figures/` keeps roll-ups current: when what stands changes, the roll-ups of the touched answering units are
   recomputed from what stands. An answering unit is the lowest one above commune level, so every value lands in exactly
   one roll-up and a province is the sum of a handful of rows, whatever the number of communes and years.
4. Figures are sums, ratios of sums, averages, counts of units that satisfy a rule, or counts from a register of the
   service. Rates are divided after summing, never stored, never averaged.
5. Whoever changes what stands holds the write order of the schema (`shared.kit.feed`) to the commit; so roll-ups
   never race, and the change feed is in commit order.

The engine is handed a `Catalogue` by each program and knows none of them. It never rounds, never guesses a missing value,
and never forgets what was said.
"""
