"""What a report is known by: the fingerprint of its content, and the code on its receipt. Both are the same for ever."""

import base64
import hashlib
import uuid

import orjson

from shared.reporting.report_content import ReportContent, to_canonical_text


def content_sha256(statement: ReportContent) -> str:
    """Fingerprint what a report says: the same values in another order, or 5.0 for 5, say the same.

    Of the JSON text without spaces, in UTF-8, escaping nothing but what must be; names of fields in their order.
    """
    values = sorted(
        [
            (unit, indicator, to_canonical_text(value), status)
            for unit, indicator, value, status, _ in statement.values
        ]
    )
    said = [
        statement.unit,
        statement.period,
        statement.form,
        values,
        statement.nil,
        statement.note,
        statement.document,
        list(statement.evidence),
    ]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def receipt_code(program: str, report_id: uuid.UUID) -> str:
    """Make the short code on a receipt: the program's initial and 80 bits of the id's digest, in groups for reading."""
    digest = hashlib.blake2b(report_id.bytes, digest_size=10).digest()
    text = base64.b32encode(digest).decode()
    return "-".join((program[0].upper(), *(text[at : at + 4] for at in range(0, 16, 4))))
