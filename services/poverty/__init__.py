"""Sustainable poverty reduction (giảm nghèo bền vững): what each commune's yearly review found, and what followed.

It owns the review of poor and near-poor households (the movement from one year's end to the next), and the results of
training and job creation. Its words: household, poor, near-poor, movement, escape, review, result.

A poor household *escapes* when it becomes near-poor or passes the near-poor line: that is the gross exit which the plans
count, and another figure than the net fall of the poverty rate. The service is the reporting engine with this catalogue;
it keeps no list of households and no name of a person.
"""
