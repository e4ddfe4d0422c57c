"""`python -m tests.contracts [--write]`: compare the OpenAPI documents with their snapshots and the types of the Python client with
the documents, or write these anew."""

import sys

from gateway.reference.collection import CONTRACTS
from tests.contracts.client_models import MODELS, write_client_models
from tests.contracts.documents import APPLICATIONS, format_document, make_document


def main() -> int:
    """Compare or write; return 1 when a file differs and was not written."""
    write = "--write" in sys.argv[1:]
    texts = {CONTRACTS / f"{name}.json": format_document(make_document(name)) for name in APPLICATIONS}
    texts[MODELS] = write_client_models()
    changed = [
        path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in changed:
        if write:
            path.write_text(texts[path], encoding="utf-8")
        print(f"{path.name} {'written' if write else 'differs; python -m tests.contracts --write'}")
    return 1 if changed and not write else 0


if __name__ == "__main__":
    sys.exit(main())
