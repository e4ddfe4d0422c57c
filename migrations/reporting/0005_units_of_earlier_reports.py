"""Reports that were kept before they noted their units note them too."""

from alembic import op

revision = "reporting_0005"
down_revision = "reporting_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        UPDATE reports r SET units = coalesce(stated.units, '{}')
        FROM reports earlier
        LEFT JOIN (
            SELECT report_id, array_agg(DISTINCT unit) AS units FROM observations GROUP BY report_id
        ) stated ON stated.report_id = earlier.id
        WHERE r.id = earlier.id AND r.units IS NULL
        """
    )
