"""`python -m tests.contracts [--write]`: compare the OpenAPI documents with their snapshots, or write these anew."""

import sys

from gateway.reference.collection import CONTRACTS
from tests.contracts.documents import APPLICATIONS, format_document, make_document, read_snapshot


def main() -> int:
    """Compare or write; return 1 when a snapshot differs and was not written."""
    write = "--write" in sys.argv[1:]
    changed = [name for name in APPLICATIONS if format_document(make_document(name)) != read_snapshot(name)]
    for name in changed:
        path = CONTRACTS / f"{name}.json"
        if write:
            path.write_text(format_document(make_document(name)), encoding="utf-8")
        print(f"{path.name} {'written' if write else 'differs; python -m tests.contracts --write'}")
    return 1 if changed and not write else 0


if __name__ == "__main__":
    sys.exit(main())
