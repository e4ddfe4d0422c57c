"""Where what was stated of a unit in the past lies on the map of another day, in SQL.

A code alone does not name a unit: after a reorganization it can stand for other land. A row that speaks of a unit keeps the
code and the first day of that meaning; a reading asks which meanings lie in the units of its day. What does not add (a
recognition, a classification) goes along only where the land stayed the same; what adds (a product) also goes into
whatever its unit was merged into, and from an abolished unit into the one that held it. Nothing follows a split.
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, CTE, Text, any_, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from shared.territory.models import SuccessionRow, UnitRow


def unit_versions_within(codes: Collection[str], on: date, *, adds: bool) -> CTE:
    """Give the meanings (code, valid_from) that lie in units of a day, each with the unit that it lies in (place)."""
    standing = select(UnitRow.code.label("place"), UnitRow.code, UnitRow.valid_from).where(
        UnitRow.code == any_(literal(sorted(codes), ARRAY(Text))),
        UnitRow.valid_from <= on,
        or_(UnitRow.valid_to.is_(None), UnitRow.valid_to >= on),
    )
    found = standing.cte("places", recursive=True)
    links = _links(on, adds=adds).subquery("links")
    before = select(found.c.place, links.c.code, links.c.valid_from).join(
        links, (links.c.into == found.c.code) & (links.c.into_valid_from == found.c.valid_from)
    )
    return found.union(before)


def _links(on: date, *, adds: bool) -> Any:
    """Give what had ended by a day: each meaning with the one that it went into."""
    kept = ("unchanged", "merged") if adds else ("unchanged",)
    followed = select(
        SuccessionRow.predecessor.label("code"),
        SuccessionRow.predecessor_valid_from.label("valid_from"),
        SuccessionRow.successor.label("into"),
        SuccessionRow.successor_valid_from.label("into_valid_from"),
    ).where(SuccessionRow.kind.in_(kept), SuccessionRow.effective_on <= on)
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
