"""`python -m gateway.webhooks [--host HOST] [--port PORT]`: serve the process that delivers, with its health on a port."""

import sys

from shared.kit.serve import main

sys.argv[1:1] = ["gateway.webhooks.app:create_app"]
if "--port" not in sys.argv:
    sys.argv += ["--port", "8008"]
main()
