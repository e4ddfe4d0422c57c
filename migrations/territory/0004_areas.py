"""Named areas: sets of units with a name, days and a reason; and the area of the former province of Kon Tum."""

import sqlalchemy as sa
from alembic import op

from migrations.ddl import grant

revision = "territory_0004"
down_revision = "territory_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "areas",
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_areas")),
        sa.CheckConstraint("code ~ '^[A-Z][A-Z0-9_]{1,11}$'", name=op.f("ck_areas_code_shape")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_areas_days")),
        sa.CheckConstraint("name <> '' AND reason <> ''", name=op.f("ck_areas_named")),
    )
    op.create_table(
        "area_members",
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("area", "unit", "valid_from", name=op.f("pk_area_members")),
        sa.ForeignKeyConstraint(["area"], ["areas.code"], name=op.f("fk_area_members_area")),
        sa.ForeignKeyConstraint(
            ["unit", "valid_from"],
            ["units.code", "units.valid_from"],
            name=op.f("fk_area_members_unit_valid_from"),
        ),
    )
    grant("SELECT, INSERT", "areas", "area_members")
    op.execute(
        """
        INSERT INTO areas (code, name, name_en, reason, valid_from)
        VALUES ('KON_TUM', 'Địa bàn tỉnh Kon Tum trước 01/7/2025', 'Land of the former province of Kon Tum',
                'NQ 202/2025/QH15; NQ 1677/NQ-UBTVQH15: hợp nhất vào Quảng Ngãi', '2004-07-08')
        """
    )
    op.execute(
        """
        INSERT INTO area_members (area, unit, valid_from)
        SELECT 'KON_TUM', code, valid_from FROM units
        WHERE code = '62' AND level = 'province'
           OR parent = '51' AND valid_from = '2025-07-01'
              AND EXISTS (SELECT FROM unit_successions link JOIN units old
                              ON old.code = link.predecessor AND old.valid_from = link.predecessor_valid_from
                          JOIN units district ON district.code = old.parent AND district.valid_from <= old.valid_to
                              AND district.valid_to >= old.valid_to
                          WHERE link.successor = units.code AND link.successor_valid_from = units.valid_from
                            AND district.parent = '62')
        """
    )
