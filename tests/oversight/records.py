"""Bodies of records for the tests."""

from typing import Any


def make_document(number: str = "570/KH-UBND", **fields: Any) -> dict[str, Any]:
    return {
        "unit": "62",
        "number": number,
        "kind": "plan",
        "issuer": "UBND_TINH",
        "title": "Kế hoạch thực hiện các CTMTQG năm 2024",
        "signed_on": "2024-02-19",
        **fields,
    }


def make_body(unit: str = "62", **fields: Any) -> dict[str, Any]:
    return {
        "unit": unit,
        "kind": "steering_committee",
        "name": "Ban Chỉ đạo các CTMTQG",
        "founded_by": {"number": "320/QĐ-UBND", "date": "2022-06-15"},
        "established_on": "2022-06-15",
        **fields,
    }


def make_recommendation(**fields: Any) -> dict[str, Any]:
    return {
        "unit": "62",
        "issuer": "BCD_TINH",
        "issued_on": "2023-06-05",
        "due_on": "2023-07-31",
        "source": {"kind": "inspection"},
        "addressee": {"unit": "610", "agency": "UBND_HUYEN"},
        "text": "Hoàn thành phân bổ vốn sự nghiệp năm 2023",
        **fields,
    }


def make_task(**fields: Any) -> dict[str, Any]:
    return {
        "unit": "62",
        "text": "Phân bổ, giao kế hoạch vốn năm 2024",
        "owner": "SO_KHDT",
        "starts_on": "2023-12-01",
        "due_on": "2024-01-31",
        "product": {"kind": "document", "description": "Quyết định giao vốn"},
        **fields,
    }


def make_plan(**fields: Any) -> dict[str, Any]:
    return {
        "unit": "62",
        "title": "Kế hoạch năm 2024",
        "period": "2024",
        "drafted_on": "2024-01-15",
        "owner": "SO_KHDT",
        "capital": [{"source": "central", "amount_vnd": 1_354_000_000_000}],
        **fields,
    }
