"""How payments are held to the projects that they name."""

from collections.abc import Mapping

from services.funding.ledger import Entry, EntryKind
from services.funding.projects.rules import Account
from shared.kit.problems import Invalid, Sentence, make_fault

UNKNOWN = Sentence("Không có công trình {project}.", "There is no project {project}.")
OF_ANOTHER_LINE = Sentence(
    "Công trình {project} không thuộc chương trình, thành phần hay loại vốn này.",
    "The project {project} is not of this program, component or capital kind.",
)


def paid_for(accounts: Mapping[str, Account], entry: Entry, pointer: str) -> Account | None:
    """Give the account of the project that an entry names as it stands after it, or refuse; None where it names none."""
    if entry.project is None:
        return None
    account = accounts.get(entry.project)
    if account is None:
        raise Invalid(faults=[make_fault(pointer, "project_unknown", UNKNOWN, project=entry.project)])
    fits = account.program == entry.program and account.component == entry.component
    if not fits or entry.capital != "investment":
        raise Invalid(
            faults=[make_fault(pointer, "project_of_another_line", OF_ANOTHER_LINE, project=entry.project)]
        )
    return account.pay(entry.year, entry.amount_vnd) if entry.kind is EntryKind.DISBURSEMENT else account
