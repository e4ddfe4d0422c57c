"""Ethnic-minority and mountainous areas (dân tộc thiểu số và miền núi): land, and which communes are in difficulty.

It owns the yearly count of ethnic-minority households with residential and production land, and the register of how
communes are classified. Its words: household, residential land, production land, region (I, II, III), special difficulty,
classification.

A classification is a decision with a day on which it takes effect; what a commune *is* on a day is the latest one
effective by then. The service is the reporting engine with this catalogue and this register; it keeps no list of
households and no name of a person.
"""
