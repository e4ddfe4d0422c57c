"""Sustainable poverty reduction (giảm nghèo bền vững): the yearly review of households, and the results that follow.

It owns the reports of poor and near-poor households (how many there are, and their movement from the end of one year to
the end of the next) and of the results of training and job creation.

Terms: household (hộ), poor (nghèo), near-poor (cận nghèo), movement (diễn biến), escape (thoát nghèo), review (rà soát),
result (kết quả). A poor household *escapes* when it becomes near-poor or passes the near-poor line. Escapes are the gross
exits that the plans count; the net fall of the poverty rate is another figure.

The service is the reporting engine with this catalogue. It never keeps a list of households or the name of a person.
"""
