"""The figures that count records, for the reporting engine. Each has a lineage that lists exactly what it counted.

What belongs to a unit itself, such as the documents that a province issued, is counted for that unit alone; bodies are also
counted by level below a unit. A state is that of the last day of the period, or of today while the period goes on.
"""

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.bodies.rules import SteeringBody
from services.oversight.bodies.store import PATH as BODIES
from services.oversight.bodies.store import read_bodies_of_lands
from services.oversight.documents.rules import DocumentKinds, IssuedDocument, select_documents_in_force
from services.oversight.documents.store import PATH as DOCUMENTS
from services.oversight.documents.store import read_documents
from services.oversight.models import RecordVersion
from services.oversight.recommendations.store import PATH as RECOMMENDATIONS
from services.oversight.recommendations.store import read_recommendations
from services.oversight.records.store import ROOT, belongs_to, is_dated_in, read_first_day, read_records
from services.oversight.tasks.store import PATH as TASKS
from services.oversight.tasks.store import read_tasks
from shared.kit.clock import Clock
from shared.periods import local_day
from shared.reporting.basis import to_rfc3339
from shared.reporting.engine import CountScope, Register, RegisterCount, RegisterCounter
from shared.territory.units import matches_code_shape

BASIC_ACTS = ("recorded", "corrected", "withdrawn")


def make_registers(directory: AgencyDirectory, kinds: DocumentKinds, clock: Clock) -> Mapping[str, Register]:
    """Return the registers whose counts are figures, by the name that the catalogue gives them."""
    return {
        "bodies": Register(make_body_counter(clock), _list_events("body", "dissolved")),
        "documents": Register(make_document_counter(kinds, clock), _list_events("document")),
        "conferences": Register(count_conferences, _list_events("conference")),
        "inspections": Register(make_inspection_counter(directory), _list_events("inspection")),
        "recommendations": Register(
            make_recommendation_counter(clock),
            _list_events("recommendation", "answered", "closed", "refused", "dropped"),
        ),
        "tasks": Register(make_task_counter(clock), _list_events("task", "completed", "dropped")),
    }


def make_body_counter(clock: Clock) -> RegisterCounter:
    """Return the function that counts the bodies in force."""

    def matches(figure: str, body: SteeringBody, root: str) -> bool:
        own = body.unit == root
        return {
            "steering_committees_own": own and body.kind == "steering_committee",
            "working_groups": own and body.kind == "working_group",
            "steering_committees_district": body.kind == "steering_committee"
            and matches_code_shape(body.unit, "district"),
            "commune_management_boards": body.kind == "commune_management_board",
            "community_supervision_boards": body.kind == "community_supervision_board",
            "village_development_boards": body.kind == "village_development_board",
        }[figure]

    filters: Mapping[str, Mapping[str, str]] = {
        "steering_committees_own": {"kind": "steering_committee", "of_unit": ""},
        "working_groups": {"kind": "working_group", "of_unit": ""},
        "steering_committees_district": {"kind": "steering_committee", "level": "district"},
        "commune_management_boards": {"kind": "commune_management_board"},
        "community_supervision_boards": {"kind": "community_supervision_board"},
        "village_development_boards": {"kind": "village_development_board"},
    }

    async def count_bodies(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        day = find_count_day(scope, clock)
        bodies = await read_bodies_of_lands(session, scope.units, scope.on, day, scope.as_of)
        since = await read_first_day(session, scope.root, scope.on)
        return {
            figure: RegisterCount(
                sum(matches(figure, body, scope.root) for body in bodies),
                _to_lineage(BODIES, scope, {**query, "state": "in_force", "on": day.isoformat()}, since),
            )
            for figure, query in filters.items()
        }

    return count_bodies


def make_document_counter(kinds: DocumentKinds, clock: Clock) -> RegisterCounter:
    """Return the function that counts the documents of a unit that are in force."""

    async def count_documents(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        day = find_count_day(scope, clock)
        documents = await read_documents(session, None, scope.as_of)
        since = await read_first_day(session, scope.root, scope.on)
        own = [
            document
            for document in select_documents_in_force(documents, day)
            if (document.unit, document.land[1]) == (scope.root, since)
        ]
        steering = tuple(kind.code for kind in kinds.kinds if kind.steers and kind.is_in_force(day))
        of_kinds: Mapping[str, tuple[tuple[str, ...], bool]] = {
            "documents_issued": (steering, False),
            "council_resolutions": (("council_resolution",), False),
            "normative_council_resolutions": (("council_resolution",), True),
            "committee_decisions": (("committee_decision",), False),
            "normative_committee_decisions": (("committee_decision",), True),
            "directives": (("directive",), False),
            "programs_and_plans": (("program", "plan"), False),
        }

        def counts(document: IssuedDocument, codes: tuple[str, ...], *, normative: bool) -> bool:
            return document.kind in codes and (document.normative or not normative)

        def to_query(codes: tuple[str, ...], *, normative: bool) -> dict[str, str]:
            query = {"of_unit": "", "kind": ",".join(codes), "state": "in_force", "on": day.isoformat()}
            return {**query, "normative": "true"} if normative else query

        return {
            figure: RegisterCount(
                sum(counts(document, codes, normative=normative) for document in own),
                _to_lineage(DOCUMENTS, scope, to_query(codes, normative=normative), since),
            )
            for figure, (codes, normative) in of_kinds.items()
        }

    return count_documents


async def count_conferences(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
    """Count the conferences that a unit held in a period; those of the centre are counted apart."""
    since = await read_first_day(session, scope.root, scope.on)
    own = [*belongs_to(scope.root, since), *is_dated_in(scope.period)]
    rows = await read_records(session, "conferences", None, scope.as_of, *own)
    query = {"of_unit": "", "period": str(scope.period)}
    central = [row.content["level"] == "central" for row in rows]
    return {
        "conferences": RegisterCount(
            central.count(False),
            _to_lineage(f"{ROOT}/conferences", scope, {**query, "central": "false"}, since),
        ),
        "conferences_of_the_centre": RegisterCount(
            central.count(True),
            _to_lineage(f"{ROOT}/conferences", scope, {**query, "central": "true"}, since),
        ),
    }


def make_inspection_counter(directory: AgencyDirectory) -> RegisterCounter:
    """Return the function that counts the inspection teams of a unit in a period, by who leads them."""

    async def count_inspections(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        since = await read_first_day(session, scope.root, scope.on)
        own = [*belongs_to(scope.root, since), *is_dated_in(scope.period)]
        rows = await read_records(session, "inspections", None, scope.as_of, *own)
        led = [_is_steering(directory, row.content["led_by"], row.day) for row in rows]
        query = {"of_unit": "", "period": str(scope.period)}
        path = f"{ROOT}/inspections"
        return {
            "inspection_teams": RegisterCount(
                led.count(True), _to_lineage(path, scope, {**query, "of_committee": "true"}, since)
            ),
            "inspection_teams_of_agencies": RegisterCount(
                led.count(False), _to_lineage(path, scope, {**query, "of_committee": "false"}, since)
            ),
        }

    return count_inspections


def make_recommendation_counter(clock: Clock) -> RegisterCounter:
    """Return the function that counts the recommendations that units issued and that are not closed."""

    async def count_recommendations(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        day = find_count_day(scope, clock)
        rows = await read_recommendations(session, scope.units, scope.as_of)
        query = {"unit": "", "on": day.isoformat()}
        return {
            "recommendations_open": RegisterCount(
                sum(row.is_unfinished(day) for row in rows),
                _to_lineage(RECOMMENDATIONS, scope, {**query, "unfinished": "true"}),
            ),
            "recommendations_overdue": RegisterCount(
                sum(row.count_days_late(day) > 0 for row in rows),
                _to_lineage(RECOMMENDATIONS, scope, {**query, "overdue": "true"}),
            ),
        }

    return count_recommendations


def make_task_counter(clock: Clock) -> RegisterCounter:
    """Return the function that counts the tasks of units that are due in a period, done and overdue."""

    async def count_tasks(session: AsyncSession, scope: CountScope) -> dict[str, RegisterCount]:
        day = find_count_day(scope, clock)
        tasks = await read_tasks(session, scope.units, scope.as_of, RecordVersion.day <= day)
        due = [task for task in tasks if task.due_on >= scope.period.starts_on]
        states = [task.find_state(day) for task in due]
        query = {"unit": "", "on": day.isoformat(), "due_from": scope.period.starts_on.isoformat()}
        return {
            "tasks_done": RegisterCount(
                states.count("done"), _to_lineage(TASKS, scope, {**query, "state": "done"})
            ),
            "tasks_overdue": RegisterCount(
                states.count("overdue"), _to_lineage(TASKS, scope, {**query, "state": "overdue"})
            ),
        }

    return count_tasks


def find_count_day(scope: CountScope, clock: Clock) -> date:
    """Return the day of the states that are counted: the last of the period, or today while the period goes on."""
    return min(scope.period.ends_on, local_day(scope.as_of or clock()))


def _list_events(record: str, *acts: str) -> frozenset[str]:
    """Return the types of the events that may change a figure."""
    return frozenset(f"{record}.{act}" for act in (*BASIC_ACTS, *acts))


def _is_steering(directory: AgencyDirectory, code: str, on: date) -> bool:
    agency = directory.find(code, on)
    return agency is not None and agency.steers


def _to_lineage(path: str, scope: CountScope, query: Mapping[str, str], since: date | None = None) -> str:
    """Return the address of the list of what was counted; an empty `unit` or `of_unit` is the scope's own unit.

    `since` is the first day of that unit, because a code may have been given again.
    """
    filters = {name: scope.root if name in {"unit", "of_unit"} else value for name, value in query.items()}
    if "of_unit" in filters and since is not None:
        filters["of_unit_since"] = since.isoformat()
    if "unit" not in filters and "of_unit" not in filters:
        filters = {"unit": scope.root, **filters}
    if scope.as_of is not None:
        filters["as_of"] = to_rfc3339(scope.as_of) or ""
    return f"{path}?{urlencode(filters, safe=',:')}"
