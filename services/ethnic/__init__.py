"""Ethnic-minority and mountainous areas (dân tộc thiểu số và miền núi): land of households, and communes in difficulty.

It owns the yearly reports of ethnic-minority households with residential and production land, the quarterly reports of
support to them, which the commune certifies before they are accepted, and the register of classifications of communes.

Terms: household (hộ), residential land (đất ở), production land (đất sản xuất), region I, II or III (khu vực), special
difficulty (đặc biệt khó khăn), classification (phân loại), consequence, exit from special difficulty.

A classification is a decision with a day of taking effect. On a day the latest one in effect holds, unless a recognition
of the commune as new rural since then has a consequence for its region (dated facts in `classifications/regions.toml`).
Recognitions belong to the new rural program. This service receives them from that program's change feed, keeps each with
the sequence of its event, and never states one. The decision and the consequence are always answered separately.

The service is the reporting engine with this catalogue and this register. It never keeps a list of households or the name
of a person.

    recognitions/     what was received from the feed of the new rural program
    classifications/  decisions, the status of communes, exits; uses recognitions/
"""
