"""Forecast: how much of a year's money will probably be disbursed by its deadlines, and how much is at risk of return.

It only reads: the same postings as progress, and the deadlines of `lapses`. It is read from a day: what took effect later
does not count, so the same day and the same ledger give the same forecast. Only sources that count in the disbursement rate
have one. ADR 0013 describes the method and how well it does on generated years.
"""
