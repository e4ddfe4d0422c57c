"""How payments are held to the projects that they name."""

from services.funding.balances import Kind
from services.funding.entries.store import Entry
from services.funding.projects.rules import Account
from shared.kit.problems import Invalid, Sentence, fault

UNKNOWN = Sentence("Không có công trình {project}.", "There is no project {project}.")
OF_ANOTHER_LINE = Sentence(
    "Công trình {project} không thuộc chương trình, thành phần hay loại vốn này.",
    "The project {project} is not of this program, component or capital kind.",
)


def pay_for_project(accounts: dict[str, Account], entry: Entry, pointer: str = "/project") -> None:
    """Let a payment take effect on the account of its project, or refuse it; a commitment must name a project too."""
    if entry.project is None:
        return
    account = accounts.get(entry.project)
    if account is None:
        raise Invalid(faults=[fault(pointer, "project_unknown", UNKNOWN, project=entry.project)])
    fits = account.program == entry.program and account.component == entry.component
    if not fits or entry.capital != "investment":
        raise Invalid(
            faults=[fault(pointer, "project_of_another_line", OF_ANOTHER_LINE, project=entry.project)]
        )
    if entry.kind is Kind.DISBURSEMENT:
        accounts[entry.project] = account.pay(entry.year, entry.amount_vnd)
