"""Grants of clients, and the problems of clients.

Problem
├── NotFound
│   └── UnknownClient   client_unknown
├── Conflict
│   ├── ClientExists    client_exists     the name is taken
│   └── ClientDisabled  client_disabled   no secret can be created for it
└── Invalid             the grant names what does not exist
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from shared.kit.problems import Conflict, Fault, NotFound, Sentence, make_fault

UNKNOWN_PROGRAM = Sentence(
    "Không có chương trình “{program}”; chỉ có: {known}.",
    "There is no program “{program}”; there are: {known}.",
)
REPEATED = Sentence("Giá trị “{value}” bị lặp lại.", "“{value}” is repeated.")


@dataclass(frozen=True, slots=True)
class Grant:
    """The grant of a client: scopes, programs, units (each with its whole subtree)."""

    scopes: tuple[str, ...]
    programs: tuple[str, ...]
    units: tuple[str, ...]


class UnknownClient(NotFound):
    """No client has this name."""

    code = "client_unknown"
    detail = Sentence("Không có ứng dụng “{client_id}”.", "There is no client “{client_id}”.")

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id=client_id[:63])


class ClientExists(Conflict):
    """Another client has this name."""

    code = "client_exists"
    detail = Sentence("Ứng dụng “{client_id}” đã có.", "The client “{client_id}” exists already.")

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id=client_id)


class ClientDisabled(Conflict):
    """The client is disabled and gets no further secret."""

    code = "client_disabled"
    detail = Sentence("Ứng dụng “{client_id}” đã bị khóa.", "The client “{client_id}” is disabled.")

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id=client_id)


def find_grant_faults(grant: Grant, programs: Collection[str]) -> Iterator[Fault]:
    """Yield the faults of a grant: unknown programs, and repeated values."""
    for index, program in enumerate(grant.programs):
        if program not in programs:
            known_programs = ", ".join(programs)
            yield make_fault(
                f"/programs/{index}",
                "program_unknown",
                UNKNOWN_PROGRAM,
                program=program[:40],
                known=known_programs,
            )
    for name, values in (("scopes", grant.scopes), ("programs", grant.programs), ("units", grant.units)):
        yield from _find_repetitions(name, values)


def _find_repetitions(name: str, values: Sequence[str]) -> Iterator[Fault]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield make_fault(f"/{name}/{index}", "repeated", REPEATED, value=value[:40])
