"""The SQL of roll-ups: sums are recomputed from the values in effect, never adjusted (see ADR 0012).

Parameters of every statement that reads values in effect, as `RollUpRefresh.to_parameters` returns them:

    $1 year · $2 period · $3 basis
    $4 answering units, joined by commas
    $5 indicators, as keys of a JSON object (the planner would weigh each member of a list of hundreds)
    $6 answering unit by unit, a JSON object (a join with a list would compare each value with all of the list)
    $7 units whose values are read, joined by commas
    $8 units that may state them, joined by commas
    $9 a report to leave out, or null
    $10 the standard of the reports; empty for forms without standards
"""

VALUES_IN_EFFECT = """
    in_effect AS MATERIALIZED ( -- few; found first, so that a period too new for statistics costs no more than an old one
        SELECT report_id, received_at, unit, form, nil, preliminary_of FROM standings
        WHERE basis = $3 AND until IS NULL AND period = $2 AND unit = ANY (string_to_array($8, ','))
          AND report_id IS DISTINCT FROM $9::uuid AND standard = $10
          AND EXISTS (SELECT FROM answering)
    ), in_effect_values AS (
        SELECT $6::jsonb ->> o.unit AS answering_unit, o.unit, o.indicator, o.value, o.covers, o.nil,
               r.preliminary_of IS NOT NULL AS preliminary, o.status, r.received_at
        FROM in_effect r JOIN observations o ON o.report_id = r.report_id
        WHERE o.year = $1 AND o.period = $2 AND o.unit = ANY (string_to_array($7, ',')) AND $5::jsonb ? o.indicator
          AND CASE WHEN r.preliminary_of IS NULL THEN true ELSE NOT EXISTS ( -- an official report states it by now (ADR 0019)
              SELECT FROM in_effect official
              LEFT JOIN observations stated ON stated.report_id = official.report_id AND stated.year = $1
                  AND stated.period = $2 AND stated.unit = ANY (string_to_array($7, ',')) AND stated.indicator = o.indicator
              WHERE official.form = r.preliminary_of AND (
                  stated.unit IN (o.unit, $6::jsonb ->> o.unit) OR $6::jsonb ->> stated.unit = o.unit
                  OR official.nil AND official.unit IN (o.unit, r.unit)
              )
          ) END
    )"""
"""Needs `answering`: the answering units to refresh, or none to leave everything as it is."""

STORE_SUMS = """
    summed AS MATERIALIZED (
        SELECT answering_unit, indicator, sum(value) AS value, sum(covers) AS covers,
               coalesce(sum(covers) FILTER (WHERE nil), 0) AS nil_covers,
               coalesce(sum(covers) FILTER (WHERE preliminary), 0) AS preliminary_covers, min(status) AS status,
               min(received_at) AS oldest_at, max(received_at) AS newest_at
        FROM counted GROUP BY answering_unit, indicator
    ), deleted AS ( -- by units in an array: joined with them, all sums of a period too new for statistics were read
        DELETE FROM roll_ups
        WHERE year = $1 AND period = $2 AND basis = $3 AND unit = ANY (ARRAY(SELECT unit FROM answering))
          AND $5::jsonb ? measure AND standard = $10
          AND NOT EXISTS (
              SELECT FROM summed WHERE summed.answering_unit = roll_ups.unit AND summed.indicator = roll_ups.measure
          )
    ), stored AS (
        INSERT INTO roll_ups
            (year, period, basis, unit, measure, standard, value, covers, nil_covers, preliminary_covers, status,
             oldest_at, newest_at)
        SELECT $1, $2, $3, answering_unit, indicator, $10, value, covers, nil_covers, preliminary_covers, status,
               oldest_at, newest_at
        FROM summed
        ON CONFLICT (year, period, basis, unit, measure, standard) DO UPDATE SET
            value = excluded.value, covers = excluded.covers, nil_covers = excluded.nil_covers,
            preliminary_covers = excluded.preliminary_covers, status = excluded.status,
            oldest_at = excluded.oldest_at, newest_at = excluded.newest_at
    )"""
"""Needs `answering`, and `counted`: the values that are summed."""

REFRESH_SUMS = f"""
    WITH answering (unit) AS (SELECT unnest(string_to_array($4, ','))),
    {VALUES_IN_EFFECT},
    counted AS (SELECT * FROM in_effect_values),
    {STORE_SUMS}
    SELECT
"""

READ_VALUES_IN_EFFECT = f"""
    WITH answering (unit) AS (SELECT unnest(string_to_array($4, ','))),
    {VALUES_IN_EFFECT}
    SELECT answering_unit, unit, indicator, value, covers, nil, preliminary, status, received_at FROM in_effect_values
"""

DELETE_ROLL_UPS = """
    DELETE FROM roll_ups
    WHERE year = $1 AND period = $2 AND basis = $3
      AND unit = ANY (string_to_array($4, ',')) AND measure = ANY (string_to_array($5, ',')) AND standard = $6
"""
