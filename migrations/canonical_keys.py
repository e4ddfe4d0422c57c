"""Functions for revision files that fill columns with the canonical forms of texts (see `shared/kit/canonical_text.py`)."""

import sqlalchemy as sa
from alembic import op

from shared.kit.canonical_text import canonicalize

TEXTS_AT_ONCE = 5_000


def fill_canonical_column(table: str, text: str, key: str) -> None:
    """Write the canonical form of each text of a column into another column of the table."""
    connection = op.get_bind()
    texts = connection.scalars(sa.text(f"SELECT DISTINCT {text} FROM {table} WHERE {text} IS NOT NULL")).all()
    update = sa.text(
        f"UPDATE {table} SET {key} = form FROM unnest(CAST(:texts AS text[]), CAST(:forms AS text[])) AS spelling (typed, form)"
        f" WHERE {table}.{text} = spelling.typed"
    )
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        part = texts[start : start + TEXTS_AT_ONCE]
        connection.execute(update, {"texts": part, "forms": [canonicalize(typed) for typed in part]})


def number_collisions(table: str, key: str, *others: str, order: str) -> None:
    """Number the rows of a key so that it is unique together with other columns: of rows that collide, the first keeps it and the others get a number.

    A blank and `#2` follow the key. No canonical form has a blank beside a punctuation mark, so no text has this form.
    """
    columns = ", ".join((key, *others))
    op.execute(
        f"UPDATE {table} SET {key} = {key} || ' #' || place FROM"
        f" (SELECT id AS row_id, row_number() OVER (PARTITION BY {columns} ORDER BY {order}) AS place FROM {table}) AS numbered"
        f" WHERE numbered.row_id = {table}.id AND place > 1"
    )
