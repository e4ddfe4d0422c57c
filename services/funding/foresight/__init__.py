"""Foresight: how the money of a year will probably end, and how much of it is at risk of being handed back.

It only reads, from the same postings as progress and with the deadlines of `lapses`. It is asked for a day: what took effect
later does not count, so yesterday's answer can be had again and laid beside what came of it; the same day and the same
ledger give the same answer. Only sources that count in the disbursement rate are foretold. Everything is whole đồng.

**The method.** Money is paid out late in the year, investment and recurrent money each in its own way. So each capital kind is
followed by itself, month by month from January to its deadline.

1. *What is usual.* Of the money that is left and can be paid, which share is paid in a month? All past years of this ledger
   (five at most, every month that has ended) are pooled: paid in that month / could have been paid, over all units. It is the
   chain ladder of actuaries, on the money that is left. A shipped profile (`data/foresight.toml`: dated, with its sources and
   how sure they are) counts as one year more, and alone where the ledger has no past. A past year that a unit entered with an
   opening balance, or in which a kind has no payment, teaches nothing: its payments were not kept here.
2. *The pace.* What was paid so far is compared with what would usually have been, of the money that could have been paid in
   each month: late money, supplements and cuts are judged from when they came. First all money of the kind, then each line,
   whose carried-over money and own are one, for the older is paid first. As little is due early in the year, a part of the
   money (15 % for a kind, 30 % for a line) is thought due besides: paid as usual for the kind, and at the pace of its kind for
   the line. So nobody's pace is believed after one month.
3. *The rest of the year.* Each line goes on at its pace: the usual share × pace of what is left, from its oldest lot first, of
   every lot until its own deadline. A lot of which decisions extended a part is parted by its deadlines as in `lapses`: who
   pays takes the part that lapses first. So never less is expected than was paid, never more than there is, and every sum, in
   any grouping, is the sum of its parts. What is then left is at risk. Within a month days count alike; past the table, money
   whose deadline was extended is paid at the profile's `extended_percent` of what is left in a month.
4. *The range.* Every past year is foretold from the other ones, as of the same month, for each unit: the rest of it went
   slower or quicker than foretold. The range runs from the pace that one unit in ten stays below to the one that one in ten
   is above; the profile's `slow_percent` and `quick_percent` count as one year more. All lines are thought slow, or quick,
   together, so a sum has the sum of the ranges; for many units together that is wider than it need be.

Where no money is available, or the year has not begun, nothing is foretold, and the answer says which. A deadline that has
passed is answered by what happened. What it does not know: commitments (shown beside, not used), plans of projects, and laws
to come.

**Held against generated years** (`python -m tests.foresight`): twenty provinces, each with curves, paces, standstills, late
starters, supplements, lumps and carry-over of its own. *in range*: units whose truth lay in the range (80 % are meant to);
*whole*: the same of all units of a kind together; *off*: how far the likely rate was off at the deadline, the median in
points of the rate; *linear*: the same of going on at the mean daily pace.

    past years  on      in range  whole  off    linear
             0  31/03      85 %   92 %  15.1    53.2
             0  30/06      78 %   85 %  15.2    38.6
             0  30/09      86 %   92 %   9.7    21.0
             0  30/11      81 %   90 %   7.2     9.4
             2  31/03      80 %   92 %  10.1    53.2
             2  30/06      80 %   92 %  10.2    38.6
             2  30/09      84 %   92 %   7.5    21.0
             2  30/11      86 %   92 %   4.8     9.4
             5  31/03      76 %   90 %   9.7    53.2
             5  30/06      77 %   90 %   9.7    38.6
             5  30/09      78 %   90 %   6.6    21.0
             5  30/11      81 %   98 %   4.2     9.4

So the range holds what it says within 7 points at any time of the year. With two past years or more the likely rate is at
least 1.8 times nearer than the linear one, with none 1.2 times. Those years are made, not observed: of a real province they
say that the method works, not how well.

Reading order: `profiles.py`, `learning.py`, `rules.py`, `parting.py`, `sums.py` (pure); `store.py`; `schemas.py`,
`risks.py`, `pages.py`, `api.py`.
"""
