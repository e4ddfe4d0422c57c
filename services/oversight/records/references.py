"""References from one record to others of this service: each must name a record that exists and was not withdrawn."""

import uuid
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.records.rules import RegisterName
from services.oversight.records.store import find_missing
from shared.kit.problems import Fault, Sentence, make_fault, raise_if_any
from shared.reporting.context import ReportingContext

REFERENCE_UNKNOWN = Sentence(
    "Không có bản ghi {record} trong sổ {register}.",
    "There is no record {record} in the register {register}.",
)

Reference = tuple[str, RegisterName, uuid.UUID | None]
"""A JSON pointer, the register, and the id that a body names there; None names none."""


async def require_records(context: ReportingContext, references: Iterable[Reference]) -> None:
    """Raise `Invalid` with every reference that names no record."""
    raise_if_any(await find_unknown_records(context.session, references))


async def find_unknown_records(session: AsyncSession, references: Iterable[Reference]) -> list[Fault]:
    """Return the faults of references that name no record. One statement for each register that is named."""
    named: dict[RegisterName, dict[str, uuid.UUID]] = {}
    for pointer, register, record_id in references:
        if record_id is not None:
            named.setdefault(register, {})[pointer] = record_id
    faults = []
    for register, ids in named.items():
        missing = await find_missing(session, register, set(ids.values()))
        faults += [
            make_fault(
                pointer,
                "reference_unknown",
                REFERENCE_UNKNOWN,
                record=str(record_id),
                register=register,
            )
            for pointer, record_id in ids.items()
            if record_id in missing
        ]
    return faults
