"""Everything that every commune of the made-up country states for a month, made up in the database itself."""

from collections.abc import Sequence

import asyncpg

from shared.territory.tree import Territory
from tests.benchmarks.nation import A_DAY
from tests.postgres import TestDatabase

MONTHS_OF_A_YEAR = 12

PLACES = """
SET search_path = poverty; SET synchronous_commit = off;
SET session_replication_role = replica;  -- what is made up has no reviews
CREATE TABLE IF NOT EXISTS bench_commune (code text PRIMARY KEY, district text, place int);
CREATE TABLE IF NOT EXISTS bench_district (code text PRIMARY KEY, place int);
CREATE TABLE IF NOT EXISTS bench_indicator (code text PRIMARY KEY, place int);
TRUNCATE bench_commune, bench_district, bench_indicator;
"""

FILL = """
WITH period AS (SELECT $1::smallint AS year, $2::text AS code, $3::bigint AS number),
made AS (
    INSERT INTO reports (id, year, unit, period, form, state, client_id, received_at, state_at, content_sha256,
                         receipt_code, nil, evidence, counts, units)
    SELECT lpad(to_hex(p.number * 100000 + d.place), 32, '0')::uuid, p.year, d.code, p.code, 'monthly', 'accepted', 'bench',
           now(), now(), repeat('0', 64), p.code || '-' || d.code, false, '[]', '{}',
           (SELECT array_agg(c.code) FROM bench_commune c WHERE c.district = d.code)
    FROM period p, bench_district d
    RETURNING id, year, period, unit, form, received_at),
stood AS (
    INSERT INTO standings (basis, year, period, unit, form, report_id, nil, received_at, since)
    SELECT basis, year, period, unit, form, id, false, received_at, received_at
    FROM made, unnest(ARRAY['accepted', 'provisional']) AS basis)
INSERT INTO observations (year, period, unit, indicator, report_id, ordinal, value, status, covers)
SELECT m.year, m.period, c.code, i.code, m.id, i.place, (i.place * 7 + c.place) % 997, 2, 1
FROM made m JOIN bench_commune c ON c.district = m.unit CROSS JOIN bench_indicator i
ORDER BY m.unit, c.code, i.place
"""

ROLL_UP = """
INSERT INTO roll_ups (year, period, basis, unit, measure, value, covers, status, oldest_at, newest_at)
SELECT o.year, o.period, basis, c.district, o.indicator, sum(o.value), count(*), 2, now(), now()
FROM observations o JOIN bench_commune c ON c.code = o.unit, unnest(ARRAY['accepted', 'provisional']) AS basis
WHERE o.year = $1 AND o.period = $2
GROUP BY o.year, o.period, basis, c.district, o.indicator
"""


async def fill(
    database: TestDatabase, territory: Territory, indicators: Sequence[str], months: Sequence[str]
) -> int:
    """Insert values of every commune for these months; return how many."""
    communes = [
        (unit.code, unit.parent, ordinal)
        for ordinal, unit in enumerate(unit for unit in territory.units(A_DAY) if unit.level == "commune")
    ]
    districts = sorted({district for _, district, _ in communes if district})
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(PLACES)
    await connection.copy_records_to_table("bench_commune", records=communes)
    await connection.copy_records_to_table("bench_district", records=list(zip(districts, range(9999))))
    await connection.copy_records_to_table("bench_indicator", records=list(zip(indicators, range(9999))))
    for month in months:
        year, number = int(month[:4]), int(month[:4]) * MONTHS_OF_A_YEAR + int(month[5:])
        await connection.execute(FILL, year, month, number)
        await connection.execute(ROLL_UP, year, month)
        print(f"  {month}: {len(communes) * len(indicators):,} values", flush=True)
    await connection.execute("VACUUM (ANALYZE) observations, standings, reports, roll_ups")
    await connection.execute("CHECKPOINT")  # what follows the filling is not what is measured
    await connection.close()
    return len(communes) * len(indicators) * len(months)
