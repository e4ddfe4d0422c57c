"""One answer names every fault of shape and of meaning, and nothing of the report is kept."""

PLACE = "610"


async def test_a_row_at_fault_in_shape_is_still_checked_for_meaning(office):
    commune = office.communes(PLACE)[0]
    rows = [
        {"unit": "611", "indicator": "households", "value": -5},
        {"unit": PLACE, "indicator": "nothing", "value": "many"},
        {"unit": commune, "indicator": 7, "value": 10**13},
        {"unit": commune, "indicator": "households", "value": 1.5, "colour": "red"},
        "not a row",
        {"unit": commune, "indicator": "poor"},
    ]
    body = {"unit": PLACE, "period": "2023", "form": "census", "observations": rows, "supersedes": "x"}
    answer = await office.post("reports", body, office.district(PLACE))
    assert answer.status_code == 422
    assert {(it["pointer"], it["code"]) for it in answer.json()["errors"]} == {
        ("/observations/0/unit", "unit_not_below"),
        ("/observations/0/value", "value_out_of_range"),
        ("/observations/1/indicator", "indicator_unknown"),
        ("/observations/1/value", "decimal_type"),
        ("/observations/2/indicator", "string_type"),
        ("/observations/2/value", "decimal_whole_digits"),
        ("/observations/3/colour", "extra_forbidden"),
        ("/observations/3/value", "value_too_precise"),
        ("/observations/4", "model_attributes_type"),
        ("/observations/5/value", "missing"),
        ("/supersedes", "uuid_parsing"),
    }
    kept = await office.get("reports", office.reviewer)
    assert kept.json()["items"] == []
