"""Find in SQL the unit versions of the past that lie in units of a day.

A code alone does not identify a unit: after a reorganization it can name other land. A row about a unit keeps the code and
the first day of that version; a reading selects the versions that lie in the units of its day. A fact that does not add up
(a recognition, a classification) follows only where the land is the same. A fact that adds up (a product) also follows a
merger, and from an abolished unit to its last parent. Nothing follows a split.
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, CTE, Text, any_, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from shared.territory.models import SuccessionRow, UnitRow


def unit_versions_within(codes: Collection[str], on: date, *, adds: bool) -> CTE:
    """Return the versions (code, valid_from) that lie in units of a day, each with the code of that unit (`unit_of_day`).

    `adds`: whether the facts add up over merged units.
    """
    valid_units = select(UnitRow.code.label("unit_of_day"), UnitRow.code, UnitRow.valid_from).where(
        UnitRow.code == any_(literal(sorted(codes), ARRAY(Text))),
        UnitRow.valid_from <= on,
        or_(UnitRow.valid_to.is_(None), UnitRow.valid_to >= on),
    )
    versions = valid_units.cte("lands", recursive=True)
    links = _links(on, adds=adds).subquery("links")
    before = select(versions.c.unit_of_day, links.c.code, links.c.valid_from).join(
        links, (links.c.into == versions.c.code) & (links.c.into_valid_from == versions.c.valid_from)
    )
    return versions.union(before)


def _links(on: date, *, adds: bool) -> Any:
    """Return the versions that had ended by a day, each with the version that it went into."""
    kinds = ("unchanged", "merged") if adds else ("unchanged",)
    followed = select(
        SuccessionRow.predecessor.label("code"),
        SuccessionRow.predecessor_valid_from.label("valid_from"),
        SuccessionRow.successor.label("into"),
        SuccessionRow.successor_valid_from.label("into_valid_from"),
    ).where(SuccessionRow.kind.in_(kinds), SuccessionRow.effective_on <= on)
    if not adds:
        return followed
    holder = aliased(UnitRow)
    abolished = (
        select(UnitRow.code, UnitRow.valid_from, holder.code, holder.valid_from)
        .join(
            SuccessionRow,
            (SuccessionRow.predecessor == UnitRow.code)
            & (SuccessionRow.predecessor_valid_from == UnitRow.valid_from),
        )
        .join(
            holder,
            (holder.code == UnitRow.parent)
            & (holder.valid_from <= UnitRow.valid_to)
            & (holder.valid_to.is_(None) | (holder.valid_to >= UnitRow.valid_to)),
        )
        .where(SuccessionRow.kind == "abolished", SuccessionRow.effective_on <= on)
    )
    return union_all(followed, abolished)
