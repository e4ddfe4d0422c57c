"""Ethnic-minority and mountainous areas (dân tộc thiểu số và miền núi): who lives there, what is done, which places are in difficulty.

It owns the reports of ethnic-minority households (land, housing, water, poverty, groups), of the ten projects and of the
targets of the area, which the commune certifies before they are accepted, and the lists of communes, villages, districts and
groups by decision.

Terms: household (hộ), residential land (đất ở), production land (đất sản xuất), region I, II or III (khu vực), special
difficulty (đặc biệt khó khăn), list (danh sách), classification (phân loại), consequence, exit from special difficulty.

A list is a decision with a law, a day of taking effect and a legal end. On a day the latest decision in effect holds, unless
a recognition of the commune as new rural since then has a consequence for its region (dated facts in
`classifications/regions.toml`, `area_laws.toml`). Recognitions belong to the new rural program. This service receives them
from that program's change feed, keeps each with the sequence of its event, and never states one. The decision and the
consequence are always answered separately. Exits that follow from a rule wait for an officer; the region does not.

The service is the reporting engine with this catalogue and these registers. It never keeps a list of households or the name
of a person.

    recognitions/     what was received from the feed of the new rural program
    classifications/  single decisions on communes, and the rule on their region; uses recognitions/
    areas/            the status of units on a day under every kind of list; uses classifications/
    lists/            lists posted whole, their differences; uses areas/
    exits/            exits by period and ground, verdicts on them; uses areas/
    projects/         projects with plan, result and money; completions
    tables/           land by stage, form 05
"""
