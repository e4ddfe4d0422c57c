"""Words for revision files, so that the same file works in every schema it is applied to.

A revision never names a schema or a role: the search path is the owner's schema, and the role that will run the
service is `runner()`.
"""

from alembic import op


def runner() -> str:
    """The role that runs the service whose schema is being migrated."""
    return str(op.get_context().opts["owner"])


def grant(privileges: str, *tables: str) -> None:
    """Allow the running role what it needs, e.g. `grant("SELECT, INSERT", "observations")`, and no more."""
    op.execute(f"GRANT {privileges} ON {', '.join(tables)} TO {runner()}")


def yearly_partitions(table: str, first: int, last: int) -> None:
    """Partitions `{table}_{year}` of a table partitioned by range of an integer year, from `first` to `last`
    inclusive, and `{table}_default` for every other year. Rights on the table are enough to use them."""
    op.execute(
        f"""
        DO $$
        BEGIN
            FOR year IN {first}..{last} LOOP
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)',
                               '{table}_' || year, '{table}', year, year + 1);
            END LOOP;
            EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', '{table}_default', '{table}');
        END $$
        """
    )
