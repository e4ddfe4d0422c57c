"""The content of versions of the map that an office loads, and the rights that a service needs to follow them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.ddl import grant, runner

revision = "territory_0003"
down_revision = "territory_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("map_versions", sa.Column("content", JSONB))
    grant("INSERT", "map_versions", "unit_successions")
    grant("UPDATE (valid_to)", "units")
    op.execute(f"GRANT USAGE ON SEQUENCE unit_successions_id_seq TO {runner()}")
