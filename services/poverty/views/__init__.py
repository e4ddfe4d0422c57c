"""Tables of poverty reduction, with a row for each unit: movement, rates, deprivations, groups, livelihoods, projects.

They are read from the observations in effect, and keep nothing of their own.
"""
