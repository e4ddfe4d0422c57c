"""What districts, agencies and a finance office send through the public API, with the Python client of the product (clients/python).

accounts.py    the clients of the demo, registered through the API and kept in a file
requests.py    a request, and the tables
oversight.py   the requests of the office of the steering committee
posting.py     the requests of each client: reports, registers, targets, ledger entries
progress.py    the progress bar
comparison.py  the answers compared with the plan
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "clients" / "python"))  # it need not be installed
