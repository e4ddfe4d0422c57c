"""`python -m tests.contracts [--write]`: compare the services' documents with their snapshots, or write these anew."""

import sys

from gateway.reference.collection import CONTRACTS
from tests.contracts.documents import document_of, present, snapshot_of, written


def main() -> int:
    """Compare, or write; 1 when a snapshot is not what the service says."""
    writing = "--write" in sys.argv[1:]
    different = [name for name in present() if written(document_of(name)) != snapshot_of(name)]
    for name in different:
        path = CONTRACTS / f"{name}.json"
        if writing:
            path.write_text(written(document_of(name)), encoding="utf-8")
        print(f"{path.name} {'written' if writing else 'differs; python -m tests.contracts --write'}")
    return 1 if different and not writing else 0


if __name__ == "__main__":
    sys.exit(main())
