"""The statements that add up what stands, or is about to, under each answering unit; `rollups.py` says when.

Sums are recomputed from what stands, never patched. Where nothing is added up yet, those of a report are of its own values
alone: they are made in the statement that keeps these (`reports/keeping.py`).
"""

from sqlalchemy import DateTime, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from shared.kit.compiled import Compiled
from shared.kit.database import Codes

CLEAR = text(
    """
    DELETE FROM roll_ups
    WHERE year = :year AND period = :period AND basis = :basis
      AND unit = ANY(:answering) AND measure = ANY(:measures)
    """
).bindparams(bindparam("answering", type_=Codes), bindparam("measures", type_=Codes))

_STANDING = """
    standing AS MATERIALIZED (
        SELECT report_id, received_at FROM standings
        WHERE basis = :basis AND until IS NULL AND period = :period AND unit = ANY(:reporters)
          AND report_id IS DISTINCT FROM :leaving
        UNION ALL SELECT :coming, :coming_at WHERE :coming IS NOT NULL
    )"""
"""The few reports that can state a value in question: those of its unit and of the units above. Found first, so that a
period too new for statistics costs no more than an old one."""

_STATED = """
        FROM standing s JOIN observations o ON o.report_id = s.report_id
        WHERE o.year = :year AND o.period = :period AND o.unit = ANY(:members) AND CAST(:measures AS jsonb) ? o.indicator"""
"""The units are named beside the join: whatever is known of the table, only their values are read. The measures are
keys of an object: the planner would weigh each of hundreds in a list, and take longer than the statement."""

_PLACE = "CAST(:places AS jsonb) ->> o.unit"
"""Where a unit answers, looked up in an object: a join with a list would compare each value with all of the list."""

_ADDED = f"""
    added AS MATERIALIZED (
        SELECT {_PLACE} AS answering, o.indicator, sum(o.value) AS value, sum(o.covers) AS covers,
               min(o.status) AS status, min(s.received_at) AS oldest_at, max(s.received_at) AS newest_at
        {_STATED}
        GROUP BY answering, o.indicator
    )"""

_ADDING_UP = """
    INSERT INTO roll_ups (year, period, basis, unit, measure, value, covers, status, oldest_at, newest_at)
    SELECT :year, :period, :basis, answering, indicator, value, covers, status, oldest_at, newest_at FROM added
"""

ADDED_UP = """
    SELECT FROM roll_ups
    WHERE year = :year AND period = :period AND basis = :basis
      AND unit = ANY(:answering_units) AND CAST(:measures AS jsonb) ? measure"""
"""Whether anything is added up already where some values count."""

NOWHERE = "-"
"""Where a value counts that does not add."""

ADDING_UP_SAID = f"""
    added AS MATERIALIZED (
        SELECT answering, indicator, sum(value) AS value, sum(covers) AS covers, min(status) AS status,
               :received_at AS oldest_at, :received_at AS newest_at
        FROM said WHERE answering <> '{NOWHERE}' GROUP BY answering, indicator
    ), added_up AS ({_ADDING_UP})"""
"""Parts of a statement that keeps the values of `said`, each with its `answering` unit: where nothing is added up, the
sums are theirs."""

OWN_SUMS = (
    bindparam("answering", type_=Codes),
    bindparam("answering_units", type_=Codes),
    bindparam("measures", type_=JSONB),
)
"""The parameters of the two above."""

_SUMMED = (
    bindparam("members", type_=Codes),
    bindparam("places", type_=JSONB),
    bindparam("reporters", type_=Codes),
    bindparam("measures", type_=JSONB),
    bindparam("coming", None, type_=Uuid),
    bindparam("coming_at", None, type_=DateTime(timezone=True)),
    bindparam("leaving", None, type_=Uuid),
)
"""The parameters of whatever reads what stands, or is about to."""

ADD_UP = Compiled(
    text(
        f"""
    WITH {_STANDING}, {_ADDED} {_ADDING_UP}
    ON CONFLICT (year, period, basis, unit, measure) DO UPDATE SET
        value = excluded.value, covers = excluded.covers, status = excluded.status,
        oldest_at = excluded.oldest_at, newest_at = excluded.newest_at
    """
    ).bindparams(*_SUMMED)
)

INPUTS = text(
    f"""
    WITH {_STANDING}
    SELECT {_PLACE} AS answering, o.unit, o.indicator, o.value, o.covers, o.status, s.received_at
    {_STATED}
    """
).bindparams(*_SUMMED)

ADD_MADE = text(
    """
    INSERT INTO roll_ups (year, period, basis, unit, measure, value, covers, status, oldest_at, newest_at)
    VALUES (:year, :period, :basis, :unit, :measure, :value, :covers, :status, :oldest_at, :newest_at)
    """
)
