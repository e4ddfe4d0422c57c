"""Receipts of reports, which anyone may check by their code.

The hash of a report's content is a proof for who holds the content. For who reads all of it but a few withheld numbers, it
would tell these by trials, so it is withheld with them.
"""
