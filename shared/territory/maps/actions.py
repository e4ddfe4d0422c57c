"""Load tables into the map: lock, check against the newest version, insert the next one."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.problems import Fault, raise_if_any
from shared.territory.maps.area_rows import check_areas
from shared.territory.maps.checker import MapChecker
from shared.territory.maps.rights import MapOutside, find_units_outside
from shared.territory.maps.rules import apply_change, summarize_change
from shared.territory.maps.schemas import MapLoadOut
from shared.territory.maps.store import insert_version, lock_versions
from shared.territory.store import load_areas, load_tree, read_version_number


async def load_map(
    session: AsyncSession,
    *,
    units: list[Any],
    successions: list[Any],
    areas: list[Any],
    legal_basis: str,
    source: str,
    loaded_by: str,
    faults: tuple[Fault, ...] = (),
    grants: Collection[str] | None = None,
) -> MapLoadOut:
    """Insert the next version of the map, if the tables change it. Raises every fault by row, and `MapOutside`.

    `grants` are the units that were granted to who loads; None: everything.
    """
    await lock_versions(session)
    territory = await load_tree(session, villages=True)
    checker = MapChecker(territory)
    change = checker.check(units, successions, source or legal_basis)
    after = territory
    if not checker.faults and not change.is_empty:
        after = apply_change(territory, change)
    checked_areas = list(check_areas(areas, after, await load_areas(session)))
    area_faults = [fault for _, faults_of_area in checked_areas for fault in faults_of_area]
    raise_if_any([*faults, *checker.faults, *area_faults])
    change = replace(change, areas=tuple(area for area, _ in checked_areas if area is not None))
    if grants is not None and (outside := tuple(find_units_outside(after, change, grants))):
        raise MapOutside(faults=outside)
    version = await read_version_number(session) + (0 if change.is_empty else 1)
    summary = summarize_change(territory, change)
    result = MapLoadOut.from_summary(
        summary, change, version=version, rows=len(units) + len(successions) + len(areas) - len(change.ended)
    )
    if not change.is_empty:
        await insert_version(
            session,
            version,
            change,
            legal_basis=legal_basis,
            source=source or legal_basis,
            loaded_by=loaded_by,
        )
    return result
