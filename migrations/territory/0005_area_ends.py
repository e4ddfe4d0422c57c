"""The service role may end a named area: write its last day."""

from migrations.ddl import grant

revision = "territory_0005"
down_revision = "territory_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    grant("UPDATE (valid_to)", "areas")
