"""Functions for revision files, so that one file works in every schema in which it is applied.

A revision never names a schema or a role: the search path is the owner's schema, and `runner()` is the service role.
"""

from alembic import op


def runner() -> str:
    """Return the role of the service whose schema is migrated."""
    return str(op.get_context().opts["owner"])


def grant(privileges: str, *tables: str) -> None:
    """Grant privileges on tables to the service role, for example `grant("SELECT, INSERT", "observations")`."""
    op.execute(f"GRANT {privileges} ON {', '.join(tables)} TO {runner()}")


def add_check(table: str, name: str, condition: str) -> None:
    """Add the constraint `ck_{table}_{name}`, which every row fulfils."""
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def replace_check(table: str, name: str, condition: str) -> None:
    """Replace the constraint `ck_{table}_{name}` by one that every row fulfils."""
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    add_check(table, name, condition)


def yearly_partitions(table: str, first: int, last: int) -> None:
    """Create the partitions `{table}_{year}` of a table partitioned by range of an integer year, `first` to `last`
    inclusive, and `{table}_default` for all other years. Privileges on the table suffice to use them."""
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
