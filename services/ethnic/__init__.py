"""Ethnic-minority and mountainous areas (dân tộc thiểu số và miền núi): land, and which communes are in difficulty.

It owns the yearly count of ethnic-minority households with residential and production land, the quarterly progress of
support to them, which the commune certifies before anybody accepts it, and the register of how communes are classified.
Its words: household, residential land, production land, region (I, II, III), special difficulty, classification,
recognition.

A classification is a decision with a day on which it takes effect; what a commune *is* on a day is the latest one
effective by then, unless the commune was recognized as new rural since: a rule of dated data (`regions.toml`) then puts it
into another region. Recognitions are the new rural program's: they are heard from its change feed, kept with the change that
told them, and never stated here. What a decision says and what the rule makes of it are said apart. The service is the
reporting engine with this catalogue and this register; it keeps no list of households and no name of a person.
"""
