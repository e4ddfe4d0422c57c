"""Reports, roll-ups, targets and publications belong to a standard.

Rows of before get the standard that is in force on the last day of their period, of two the later; forms without standards
have the empty one.
"""

import sqlalchemy as sa
from alembic import op

revision = "reporting_0008"
down_revision = "reporting_0007"
branch_labels = None
depends_on = None

STANDARD_OF_REPORT = """
    CASE
        WHEN form = 'annual_review' THEN CASE WHEN year < 2025 THEN 'nd_07_2021' ELSE 'nd_30_2025' END
        WHEN form = 'criteria_assessment' THEN
            CASE WHEN year < 2022 THEN 'criteria_2016_2020' ELSE 'criteria_2021_2025' END
        ELSE ''
    END
"""
"""All forms with standards were yearly, and no report was possible for a year before 2021."""

OF_ANNUAL_REVIEW = """
    'households', 'near_poor_households', 'poor_households_start', 'poor_to_near_poor', 'poor_to_above_near_poor',
    'poor_other_decrease', 'near_poor_to_poor', 'returned_to_poverty', 'newly_poor', 'poor_other_increase',
    'poor_households', 'near_poor_households_start', 'near_poor_to_above', 'near_poor_other_decrease',
    'returned_to_near_poverty', 'newly_near_poor', 'near_poor_other_increase', 'poverty_rate',
    'poor_households_escaped', 'poverty_exit_share', 'near_poverty_rate', 'multidimensional_poverty_rate'
"""
"""The indicators of the form `annual_review`, and the figures that are made from them."""

OF_CRITERIA_ASSESSMENT = """
    'communes_meeting_all_criteria', 'average_criteria_per_commune', 'residents_satisfied_percent',
    'township_civilised_urban'
"""
"""Those of the form `criteria_assessment` that are not criteria, indicators of criteria or groups of communes."""


def standard_of(code: str, year: str) -> str:
    """Return the expression for the standard of a figure or measure in a year."""
    return f"""
    CASE
        WHEN {code} IN ({OF_ANNUAL_REVIEW}) THEN CASE WHEN {year} < 2025 THEN 'nd_07_2021' ELSE 'nd_30_2025' END
        WHEN {code} ~ '^(criterion_[0-9]|district_criterion_[0-9]|indicator_[0-9]|communes_with_)'
            OR {code} IN ({OF_CRITERIA_ASSESSMENT}) THEN
            CASE WHEN {year} < 2022 THEN 'criteria_2016_2020' ELSE 'criteria_2021_2025' END
        ELSE ''
    END
    """


def upgrade() -> None:
    for table in ("reports", "standings", "roll_ups", "targets"):
        op.add_column(table, sa.Column("standard", sa.Text, nullable=False, server_default=""))
    op.add_column("publications", sa.Column("standard", sa.Text))
    for table in ("reports", "standings"):
        op.execute(f"UPDATE {table} SET standard = {STANDARD_OF_REPORT} WHERE {STANDARD_OF_REPORT} <> ''")
    measure, indicator = standard_of("measure", "year"), standard_of("indicator", "left(period, 4)::int")
    op.execute(f"UPDATE roll_ups SET standard = {measure} WHERE {measure} <> ''")
    op.execute(f"UPDATE targets SET standard = {indicator} WHERE {indicator} <> ''")
    op.drop_constraint("pk_roll_ups", "roll_ups", type_="primary")
    op.create_primary_key(
        "pk_roll_ups", "roll_ups", ["year", "period", "basis", "unit", "measure", "standard"]
    )
    op.drop_index("uq_reports_pending", "reports")
    op.create_index(
        "uq_reports_pending",
        "reports",
        ["unit", "period", "form", "standard"],
        unique=True,
        postgresql_where=sa.text("state = 'submitted'"),
    )
    op.drop_index("uq_standings_one", "standings")
    op.create_index(
        "uq_standings_one",
        "standings",
        ["basis", "unit", "period", "form", "standard"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
