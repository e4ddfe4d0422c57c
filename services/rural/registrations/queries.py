"""The comparison of communes that meet every criterion with those that are recognized, and why the two differ."""

import uuid
from collections import Counter

from services.rural.assessments.queries import AssessmentQuery
from services.rural.communes.queries import list_communes
from services.rural.communes.schemas import CommuneRow
from services.rural.criteria.sets import CriteriaSets
from services.rural.models import Registration
from services.rural.recognitions.store import find_commune_levels
from services.rural.registrations.rules import STATE_LABELS, find_state
from services.rural.registrations.schemas import MetAndRecognizedOut, MetAndRecognizedRow, to_steps
from services.rural.registrations.store import find_registrations_of_year
from shared.kit.problems import Sentence
from shared.reporting.context import ReportingContext
from shared.territory.named_rows import find_unit_names

ALL_CRITERIA = 19
AGREE = Sentence("", "")
NOT_REGISTERED = Sentence(
    "Đạt đủ tiêu chí nhưng chưa đăng ký trong kế hoạch năm {year}.",
    "It meets every criterion and is not registered in the plan of {year}.",
)
AT_STATE = Sentence(
    "Đạt đủ tiêu chí; đăng ký năm {year}: {state}{reason}.",
    "It meets every criterion; its registration of {year}: {state}{reason}.",
)
REASON = Sentence(" ({reason})", " ({reason})")
NOT_ASSESSED = Sentence(
    "Đã được công nhận theo {set}; năm {year} chưa có kết quả đánh giá được duyệt.",
    "It is recognized under {set}; there is no accepted assessment of {year}.",
)
FALLS_SHORT = Sentence(
    "Đã được công nhận theo {set}; đánh giá năm {year} đạt {met} tiêu chí.",
    "It is recognized under {set}; the assessment of {year} meets {met} criteria.",
)

Registered = tuple[Registration, uuid.UUID | None]


async def compare_met_with_recognized(
    context: ReportingContext, query: AssessmentQuery, sets: CriteriaSets
) -> MetAndRecognizedOut:
    """Return each commune that meets every criterion, is recognized or is registered, and the counts. Five statements."""
    communes = await list_communes(context, query, None)
    year, on = query.period.year, query.period.ends_on
    codes = [commune.code for commune in communes]
    registered = await find_registrations_of_year(context.session, codes, year)
    levels = await find_commune_levels(context.session, codes, on, query.as_of)
    sets_by_commune = {code: dict(pairs).get("meets") for code, pairs in levels.items()}
    rows = [
        _compare(commune, sets_by_commune.get(commune.code), registered.get(commune.code), sets, year)
        for commune in communes
    ]
    items = [row for row in rows if row.meets_all or row.recognized or row.registration]
    only_meets_all = Counter(row.state for row in items if row.meets_all and not row.recognized)
    return MetAndRecognizedOut(
        unit=query.unit,
        **find_unit_names(context.territory, query.unit, on),
        year=year,
        meets_all=sum(row.meets_all for row in items),
        recognized=sum(row.recognized for row in items),
        both=sum(row.meets_all and row.recognized for row in items),
        only_meets_all=dict(sorted(only_meets_all.items())),
        only_recognized=sum(row.recognized and not row.meets_all for row in items),
        items=items,
    )


def _compare(
    commune: CommuneRow,
    recognized_by: str | None,
    registered: Registered | None,
    sets: CriteriaSets,
    year: int,
) -> MetAndRecognizedRow:
    registration, recognition = registered or (None, None)
    state = find_state(to_steps(registration), recognized=recognition is not None) if registration else None
    meets_all, recognized = commune.met == ALL_CRITERIA, "meets" in commune.recognized
    why = AGREE
    if meets_all and not recognized:
        reason = registration.steps[-1].reason if registration and registration.steps else None
        why = (
            AT_STATE.filled(
                year=year,
                state=STATE_LABELS[state],
                reason=REASON.filled(reason=reason) if reason else AGREE,
            )
            if state
            else NOT_REGISTERED.filled(year=year)
        )
    elif recognized and not meets_all:
        criteria_set = sets.get(recognized_by or "")
        name = criteria_set.label if criteria_set else Sentence(recognized_by or "-", recognized_by or "-")
        sentence = NOT_ASSESSED if commune.met is None else FALLS_SHORT
        why = sentence.filled(set=name, year=year, met=commune.met)
    return MetAndRecognizedRow(
        unit=commune.code,
        unit_name=commune.name,
        unit_kind=commune.unit_kind,
        unit_since=commune.unit_since,
        name=commune.name,
        district=commune.district,
        met=commune.met,
        meets_all=meets_all,
        recognized=recognized,
        criteria_set=recognized_by if recognized else None,
        state=state or "not_registered",
        registration=registration.id if registration else None,
        why=why.vi,
        why_en=why.en,
    )
