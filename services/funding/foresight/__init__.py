"""Foresight: how the money of a year will probably end, and how much of it is at risk of being handed back.

It only reads, from the same postings as progress and with the deadlines of `lapses`. It is asked for a day: what took effect
later does not count, so yesterday's answer can be had again and laid beside what came of it; the same day and the same
ledger give the same answer. Only sources that count in the disbursement rate are foretold. Everything is whole đồng.

**The method.** Money is paid out late in the year, each of its kinds in its own way: investment and recurrent, the year's own
and that which was carried into it. So each kind is followed by itself, month by month from January to its deadline.

1. *What is usual.* Of the money that is left and can be paid, which share is paid in a month? All past years of this ledger
   (five at most, every month that has ended) are pooled: paid in that month / could have been paid, over all units. It is the
   chain ladder of actuaries, on the money that is left. A shipped profile (`data/foresight.toml`: dated, with its sources and
   how sure they are) counts as one year more, and alone where the ledger has no past. A past year that a unit entered with an
   opening balance, or in which a kind has no payment, teaches nothing: its payments were not kept here.
2. *The pace.* What was paid so far is compared with what would have been at the usual shares, of the money that could have
   been paid in each month: late money, supplements and cuts are judged from when they came. First all money of the kind, then
   each lot. As little is due early in the year, a part of the money (15 % for a kind, 30 % for a lot) is thought due besides:
   paid as usual for the kind, and at the pace of its kind for the lot. Nobody's pace is believed after one month.
3. *The rest of the year.* Each lot goes on at its pace: the usual share × pace of what is left, until its own deadline. So
   never less is expected than was paid, never more than there is, and every sum of lots, in any grouping, is the sum of its
   parts. What is then left is at risk. Within a month days count alike; past the table a lot whose deadline was extended
   is paid the profile's `extended_percent` of what is left in a month.
4. *The range.* Every past year is foretold from the other ones, as of the same month, for each unit: the rest of it went
   slower or quicker than foretold. The range runs from the pace that one unit in ten stays below to the one that one in ten
   is above; the profile's `slow_percent` and `quick_percent` count as one year more. All lots are thought slow, or quick,
   together, so a sum has the sum of the ranges; for many units together that is wider than it need be.

Where no money is available, or the year has not begun, nothing is foretold, and the answer says which. A deadline that has
passed is answered by what happened. What it does not know: commitments (shown beside, not used), plans of projects, and laws
to come.

**Held against generated years** (`python -m tests.foresight`): twenty provinces, each with curves, paces, standstills, late
starters, supplements, lumps and carry-over of its own. *in range*: units whose truth lay in the range (80 % are meant to);
*whole*: the same of all units of a kind together; *off*: how far the likely rate was off at the deadline, the median in
points of the rate; *linear*: the same of going on at the mean daily pace.

    past years  on      in range  whole  off    linear
             0  31/03      81 %   86 %  15.2    50.2
             0  30/06      73 %   81 %  15.7    34.7
             0  30/09      81 %   86 %  10.0    16.4
             0  30/11      81 %   84 %   6.4     7.1
             2  31/03      79 %   90 %  11.3    50.2
             2  30/06      79 %   89 %  11.0    34.7
             2  30/09      86 %   98 %   7.0    16.4
             2  30/11      85 %  100 %   4.3     7.1
             5  31/03      76 %   90 %  10.6    50.2
             5  30/06      75 %   84 %  10.2    34.7
             5  30/09      82 %   99 %   6.3    16.4
             5  30/11      83 %  100 %   3.8     7.1

So the range holds what it says within 8 points at any time of the year. With two past years or more the likely rate is at
least 1.5 times nearer than the linear one, with none it is no farther. Those years are made, not observed: of a real
province they say that the method works, not how well.

Reading order: `profiles.py`, `learning.py`, `rules.py`, `sums.py` (pure); `store.py`; `schemas.py`, `risks.py`,
`pages.py`, `api.py`.
"""
