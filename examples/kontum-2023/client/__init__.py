"""A small client of the public API, as a district, an agency or a finance office might write it.

api.py         HTTP: tokens, retries, idempotency keys
accounts.py    the clients of the demo, registered through the API and kept in a file
requests.py    a request, and the tables
oversight.py   the requests of the office of the steering committee
posting.py     the requests of each client: reports, registers, targets, ledger entries
progress.py    the progress bar
comparison.py  the answers compared with the plan
"""
