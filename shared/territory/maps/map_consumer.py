"""Follow the gateway's versions of the map: a service applies each to its own schema, in their order, and answers by it.

While the gateway is away, or a version cannot be applied, the service answers by the version that it has, and reports it.
"""

import asyncio
from collections.abc import Sequence

import httpx
import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Database
from shared.kit.resources import Resources
from shared.kit.service import BackgroundTask, StartStep
from shared.territory.current import MapVersion
from shared.territory.maps.schemas import MapVersionDetail, MapVersionsOut
from shared.territory.maps.store import insert_version, lock_versions
from shared.territory.settings import TerritorySettings
from shared.territory.store import read_loaded_version, read_version_number

ANSWER_WITHIN_S = 5.0

log = structlog.get_logger()


class VersionNotAppliedError(RuntimeError):
    """A version of the gateway does not follow the version of this schema."""


async def apply_new_versions(database: Database, client: httpx.AsyncClient) -> int:
    """Apply the versions that the gateway has and this schema has not; return the newest one that is applied."""
    async with database.reading() as session:
        newest = await read_version_number(session)
    response = await client.get("/v1/territory/versions", params={"after": newest})
    response.raise_for_status()
    for listed in MapVersionsOut.model_validate_json(response.content).items:
        answer = await client.get(f"/v1/territory/versions/{listed.version}")
        answer.raise_for_status()
        version = MapVersionDetail.model_validate_json(answer.content)
        async with database.writing() as session:
            await apply_version(session, version)
        newest = version.version
    return newest


async def apply_version(session: AsyncSession, version: MapVersionDetail) -> None:
    """Insert a version of the gateway, unless it is applied. Raises `VersionNotAppliedError`."""
    await lock_versions(session)
    newest = await read_version_number(session)
    if version.version <= newest:
        return
    if version.version != newest + 1 or version.content is None:
        raise VersionNotAppliedError(f"version {version.version} does not follow {newest}")
    row = await insert_version(
        session,
        version.version,
        version.content.to_change(),
        legal_basis=version.legal_basis,
        source=version.source,
        loaded_by=version.loaded_by,
    )
    if row.content_hash != version.content_hash:
        raise VersionNotAppliedError(f"version {version.version} has another content than its hash")


def make_map_consumer(*reload_steps: StartStep, from_gateway: bool = True) -> BackgroundTask:
    """Return the task that applies new versions, and reads the territory again when there is a newer one.

    `reload_steps` are the start steps that read the territory. The gateway itself has the versions (`from_gateway` is
    false): another process of it may have loaded one.
    """

    async def follow(resources: Resources) -> None:
        settings = resources.get(TerritorySettings)
        await asyncio.sleep(
            settings.follow_map_every_seconds
        )  # a client reads certificates, so not at the start
        async with httpx.AsyncClient(base_url=settings.gateway_url, timeout=ANSWER_WITHIN_S) as client:
            while True:
                await apply_and_reload(resources, client if from_gateway else None, reload_steps)
                await asyncio.sleep(settings.follow_map_every_seconds)

    return follow


async def apply_and_reload(
    resources: Resources, client: httpx.AsyncClient | None, reload_steps: Sequence[StartStep]
) -> None:
    """Apply what is new, and read the territory again where the schema has another version, or other villages, than the process."""
    database = resources.get(Database)
    try:
        if client is not None:
            await apply_new_versions(database, client)
    except (httpx.HTTPError, ValidationError, VersionNotAppliedError, OSError) as error:
        log.debug("the versions of the map cannot be followed", reason=f"{type(error).__name__}: {error}")
    except Exception as error:
        log.exception("a version of the map was not applied", exc_info=error)
    try:
        async with database.reading() as session:
            newest = MapVersion(*await read_loaded_version(session))
        if newest != resources.get(MapVersion):
            for step in reload_steps:
                await step(resources)
            log.info("the map was read again", version=newest.number, villages=newest.villages)
    except Exception as error:  # noqa: BLE001 (it tries again the next time)
        log.warning("the map was not read again", reason=f"{type(error).__name__}: {error}")
