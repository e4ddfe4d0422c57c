"""The dated facts of oversight, read from the files beside the code or from an installation's own."""

from pathlib import Path

from services.oversight.agencies.rules import AgencyDirectory, SteeredComponent, SteeringAgency
from services.oversight.bodies.rules import BodyKind, BodyKinds
from services.oversight.documents.rules import DocumentKind, DocumentKinds
from shared.dated_facts.loader import open_facts

FOLDER = Path(__file__).parent
AGENCIES_FILE = FOLDER / "agencies" / "agencies.toml"
COMPONENTS_FILE = FOLDER / "agencies" / "components.toml"
BODY_KINDS_FILE = FOLDER / "bodies" / "kinds.toml"
DOCUMENT_KINDS_FILE = FOLDER / "documents" / "kinds.toml"


def load_agencies(path: Path | None = None, components_path: Path | None = None) -> AgencyDirectory:
    """Return the agencies and the components of the programs; raise every fault of a file."""
    with open_facts(path or AGENCIES_FILE) as facts:
        agencies = facts.rows("agency", SteeringAgency, one_in_force=["code"])
    with open_facts(components_path or COMPONENTS_FILE) as facts:
        return AgencyDirectory(agencies, facts.rows("component", SteeredComponent, one_in_force=["code"]))


def load_body_kinds(path: Path | None = None) -> BodyKinds:
    """Return the kinds of steering bodies."""
    with open_facts(path or BODY_KINDS_FILE) as facts:
        return BodyKinds(facts.rows("kind", BodyKind, one_in_force=["code"]))


def load_document_kinds(path: Path | None = None) -> DocumentKinds:
    """Return the kinds of documents."""
    with open_facts(path or DOCUMENT_KINDS_FILE) as facts:
        return DocumentKinds(facts.rows("kind", DocumentKind, one_in_force=["code"]))
