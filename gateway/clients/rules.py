"""What a client may be granted, and the refusals that speak of clients.

Problem
├── NotFound
│   └── UnknownClient   client_unknown
├── Conflict
│   ├── ClientExists    client_exists     the name is taken
│   └── ClientDisabled  client_disabled   nothing more can be done with it
└── Invalid             what is granted is not there to be granted
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
    """What a client may do: its scopes, for which programs, in which units (each with its whole subtree)."""

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
    """The client was disabled; it gets no secret any more."""

    code = "client_disabled"
    detail = Sentence("Ứng dụng “{client_id}” đã bị khóa.", "The client “{client_id}” is disabled.")

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id=client_id)


def find_grant_faults(grant: Grant, programs: Collection[str]) -> Iterator[Fault]:
    """Find what cannot be granted: programs that are not there, and anything said twice."""
    for place, program in enumerate(grant.programs):
        if program not in programs:
            known = ", ".join(programs)
            yield make_fault(
                f"/programs/{place}", "program_unknown", UNKNOWN_PROGRAM, program=program[:40], known=known
            )
    for name, values in (("scopes", grant.scopes), ("programs", grant.programs), ("units", grant.units)):
        yield from _repetitions(name, values)


def _repetitions(name: str, values: Sequence[str]) -> Iterator[Fault]:
    for place, value in enumerate(values):
        if value in values[:place]:
            yield make_fault(f"/{name}/{place}", "repeated", REPEATED, value=value[:40])
