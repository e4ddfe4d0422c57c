"""Replace the catalogue of a program by another version."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.dated_facts.loader import FaultyFactsError
from shared.kit.change_feed import lock_feed, publish_events
from shared.kit.problems import (
    Conflict,
    Fault,
    Invalid,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Sentence,
    make_fault,
)
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.catalogue_file import CatalogueLoader
from shared.reporting.catalogue.standards import NO_STANDARD
from shared.reporting.catalogue.versions import find_removed_rows, hash_tables, make_version_name, to_plain
from shared.reporting.catalogue_versions import store
from shared.reporting.catalogue_versions.current import make_event
from shared.reporting.context import ReportingContext
from shared.reporting.file_models import CatalogueVersion

MAX_FAULTS = 100
"""A longer list is read by nobody; the rest is counted."""

CATALOGUE_FAULTY = Sentence("Danh mục có lỗi: {what}", "The catalogue is faulty: {what}")
OTHER_PROGRAM = Sentence(
    "Danh mục này của chương trình “{stated}”, không phải “{program}”.",
    "The catalogue is that of the program “{stated}”, not “{program}”.",
)


class CatalogueInUse(Conflict):
    """Reports or targets name what the new version lacks, or would no longer be read."""

    code = "catalogue_in_use"
    detail = Sentence(
        "Đã có báo cáo hoặc mục tiêu dùng những dòng này của danh mục; hãy đặt ngày hết hiệu lực thay vì xóa.",
        "Reports or targets use these rows of the catalogue; end their validity instead of removing them.",
    )


class CatalogueVersionNotFound(NotFound):
    """There is no version of this number."""

    code = "catalogue_version_not_found"
    detail = Sentence("Không có phiên bản {number} của danh mục.", "The catalogue has no version {number}.")


@dataclass(frozen=True)
class ReplacedCatalogue:
    """The catalogue before and after, and the version that was recorded."""

    before: Catalogue
    after: Catalogue
    version: CatalogueVersion | None
    """None where the rows are those of the version before."""


async def replace_catalogue(
    context: ReportingContext,
    loader: CatalogueLoader,
    *,
    tables: Mapping[str, Any],
    decision: tuple[str, date],
    if_match: str | None,
) -> ReplacedCatalogue:
    """Record another version of the catalogue; it is in use as soon as this is committed.

    Raise `Invalid` with every fault of it, a problem where it was replaced since the caller read it, or `CatalogueInUse`.
    """
    program = context.engine.catalogue.program
    plain = to_plain(tables)
    after = _load(loader, plain, program)
    at = await lock_feed(context.session, context.clock)
    latest = await store.read_latest(context.session)
    before = loader.load_tables(latest.tables, latest.number) if latest else context.engine.catalogue
    _require_version(if_match, before.version)
    if hash_tables(after.all_rows) == hash_tables(before.all_rows):
        return ReplacedCatalogue(before, before, None)
    reported = await store.read_reported_forms(context.session)
    in_use = [*_find_rows_in_use(before, after, reported, await store.read_planned_figures(context.session))]
    if loader.program_tables is not None:
        in_use += await loader.program_tables.find_rows_in_use(
            context.session, before.program_content, after.program_content
        )
    if in_use:
        raise CatalogueInUse(rows=in_use[:MAX_FAULTS], rows_count=len(in_use))
    number = latest.number + 1 if latest else 1
    version = CatalogueVersion(
        number=number,
        tables=plain,
        sha256=hash_tables(plain),
        decision_number=decision[0],
        decision_date=decision[1],
        client_id=context.caller.client_id,
        recorded_at=at,
    )
    context.session.add(version)
    await context.session.flush()
    await publish_events(context.session, at, [make_event(number, program)])
    return ReplacedCatalogue(before, loader.load_tables(plain, number), version)


async def read_version(context: ReportingContext, number: int) -> CatalogueVersion:
    """Return a version; raise `CatalogueVersionNotFound` where there is none of this number."""
    version = await store.find_version(context.session, number)
    if version is None:
        raise CatalogueVersionNotFound(number=number)
    return version


def _load(loader: CatalogueLoader, tables: Mapping[str, Any], program: str) -> Catalogue:
    """Return the catalogue of rows; raise `Invalid` with every fault of it."""
    stated = str(tables.get("program"))
    if stated != program:
        shown = {"stated": stated[:60], "program": program}
        raise Invalid(
            faults=[make_fault("/tables/program", "catalogue_of_other_program", OTHER_PROGRAM, **shown)]
        )
    try:
        return loader.load_tables(tables, 0)
    except FaultyFactsError as error:
        raise Invalid(faults=_to_faults(error.faults)) from error
    except ValueError as error:
        raise Invalid(faults=_to_faults(str(error).split("; "))) from error


def _to_faults(texts: Collection[str]) -> list[Fault]:
    shown = [text.removeprefix("tables: ")[:500] for text in texts][:MAX_FAULTS]
    if len(texts) > MAX_FAULTS:
        shown.append(f"… {len(texts) - MAX_FAULTS}")
    return [make_fault("/tables", "catalogue_faulty", CATALOGUE_FAULTY, what=text) for text in shown]


def _require_version(if_match: str | None, version: str | None) -> None:
    tag = make_tag(version)
    if if_match is None:
        raise PreconditionRequired(version=tag)
    if not {text.strip() for text in if_match.split(",")} & {tag, "*"}:
        raise PreconditionFailed(version=tag)


def make_tag(version: str | None) -> str:
    """Return the strong ETag of a version."""
    return f'"{version or make_version_name(0, {})}"'


def _find_rows_in_use(
    before: Catalogue,
    after: Catalogue,
    reported: Collection[store.ReportedForm],
    planned: Collection[str],
) -> Iterator[dict[str, str]]:
    """Return the removed rows that reports or targets use, and the standards that would cover reports that were made without one."""
    forms = {row.form for row in reported}
    standards = {row.standard for row in reported}
    for table, code, used_by in find_removed_rows(before, after):
        is_used = {"standard": code in standards, "figure": code in planned}.get(table, bool(used_by & forms))
        if is_used:
            yield {"table": table, "code": code}
    for row in reported:
        in_force = after.find_form_standard(row.form, Period.parse(row.period).ends_on)
        if row.standard == NO_STANDARD and in_force != NO_STANDARD:
            yield {"table": "standard", "code": in_force, "form": row.form, "period": row.period}
