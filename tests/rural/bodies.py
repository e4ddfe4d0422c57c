"""Bodies of requests to the registers: from rows of the demo, or made up."""

from tests.program_clients import to_decision


def to_village(row):
    return {key: row[key] for key in ("code", "name", "valid_from")}


def to_recognition(row):
    return {
        "unit": row["unit"],
        "level": row["level"],
        "field": row["field"] or None,
        "criteria_set": row["criteria_set"],
        "decision": to_decision(row),
        "year": int(row["year"]),
    }


def to_product(row):
    return {
        "code": row["code"],
        "name": row["name"],
        "unit": row["unit"],
        "owner_kind": row["owner_kind"],
        "group": int(row["group"]),
        "stars": int(row["stars"]),
        "score": float(row["score"]),
        "decision": to_decision(row),
        "potential_five_star": row["potential_five_star"] == "true",
        "grantor": row["grantor"],
    }


def meets_body(unit="23509", number="186/QĐ-UBND", date="2023-04-12", year=2022, **fields):
    body = {
        "unit": unit,
        "level": "meets",
        "field": None,
        "criteria_set": "commune_2021_2025",
        "decision": {"number": number, "date": date},
        "year": year,
    }
    return {**body, **fields}


def advanced_body(unit="23509", number="2/QĐ-UBND", date="2023-12-20", year=2023, **fields):
    return meets_body(
        unit,
        number,
        date,
        year,
        **{"level": "advanced", "criteria_set": "commune_advanced_2021_2025", **fields},
    )


def model_body(unit="23509", number="3/QĐ-UBND", date="2024-12-20", year=2024, **fields):
    changes = {"level": "model", "criteria_set": "commune_model_2021_2025", "field": "culture", **fields}
    return meets_body(unit, number, date, year, **changes)


def evaluation_body(code="OCOP-610-99", date="2021-01-31", **fields):
    body = {
        "code": code,
        "name": "Cà phê",
        "unit": "610",
        "owner_kind": "cooperative",
        "group": 2,
        "stars": 3,
        "score": 55.5,
        "decision": {"number": "1/QĐ-UBND", "date": date},
    }
    return {**body, **fields}
