"""The dated facts of oversight, read from the files beside the code or from an installation's own."""

from pathlib import Path

from services.oversight.agencies.rules import AgencyDirectory, SteeringAgency
from services.oversight.bodies.rules import BodyKind, BodyKinds
from services.oversight.documents.rules import DocumentKind, DocumentKinds
from shared.dated_facts.loader import open_facts

FOLDER = Path(__file__).parent
AGENCIES_FILE = FOLDER / "agencies" / "agencies.toml"
BODY_KINDS_FILE = FOLDER / "bodies" / "kinds.toml"
DOCUMENT_KINDS_FILE = FOLDER / "documents" / "kinds.toml"


def load_agencies(path: Path | None = None) -> AgencyDirectory:
    """Return the agencies; raise every fault of the file."""
    with open_facts(path or AGENCIES_FILE) as facts:
        return AgencyDirectory(facts.rows("agency", SteeringAgency, one_in_force=["code"]))


def load_body_kinds(path: Path | None = None) -> BodyKinds:
    """Return the kinds of steering bodies."""
    with open_facts(path or BODY_KINDS_FILE) as facts:
        return BodyKinds(facts.rows("kind", BodyKind, one_in_force=["code"]))


def load_document_kinds(path: Path | None = None) -> DocumentKinds:
    """Return the kinds of documents."""
    with open_facts(path or DOCUMENT_KINDS_FILE) as facts:
        return DocumentKinds(facts.rows("kind", DocumentKind, one_in_force=["code"]))
