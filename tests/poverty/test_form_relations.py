"""What holds within forms 1 to 13 and between them: rules as functions, then over HTTP."""

import unicodedata
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import services.poverty
from services.poverty.rules import CHECKS, POOR
from shared.periods import Period
from shared.reporting.catalogue.catalogue_file import load_catalogue
from shared.reporting.catalogue.dimensions import find_broken_identities
from shared.reporting.catalogue.relations import find_broken_relations
from shared.reporting.reports.person_names import seems_to_name_person
from tests.poverty.review_forms import list_rows, make_review_forms
from tests.program_clients import read_table

CATALOGUE = load_catalogue(Path(services.poverty.__file__).with_name("catalogue.toml"), checks=CHECKS)
YEAR = Period(2023)
RELATIONS = {relation.code: relation for relation in CATALOGUE.find_relations(YEAR.ends_on)}
IDENTITIES = CATALOGUE.find_identities(YEAR.ends_on)
SERIES = CATALOGUE.find_series(YEAR.ends_on)
IN_FORCE = {code for code in CATALOGUE.indicators if CATALOGUE.find_indicator(code, YEAR.ends_on)}
counts = st.integers(0, 5_000).map(Decimal)
DISTRICT, COMMUNE = "610", "23344"


def find_broken(values):
    amounts = {code: Decimal(value) for code, value in values.items()}
    relations = {
        broken.relation.code for broken in find_broken_relations(RELATIONS.values(), amounts, IN_FORCE)
    }
    identities = {broken.at for broken in find_broken_identities(IDENTITIES, SERIES, amounts)}
    checks = {fault.code for check in CHECKS for fault in check(amounts)}
    return relations | identities | checks


@given(st.sampled_from(sorted(RELATIONS)), st.data())
def test_each_relation_holds_or_is_named(code, data):
    """Draw both sides, set the first term of the left side so that it holds, then so that it does not."""
    relation = RELATIONS[code]
    values = {term: data.draw(counts) for term in relation.codes}
    first, *others = relation.left
    bound = sum(values[term] for term in relation.right) * relation.factor
    missing = bound - sum(values[term] for term in others)
    holding = {
        "equal": missing,
        "at_most": missing - data.draw(counts),
        "at_least": missing + data.draw(counts),
    }
    breaking = {
        "equal": missing + data.draw(counts.filter(bool)) * data.draw(st.sampled_from([1, -1])),
        "at_most": missing + 1 + data.draw(counts),
        "at_least": missing - 1 - data.draw(counts),
    }
    if first not in relation.right:
        assert (
            list(find_broken_relations([relation], {**values, first: holding[relation.kind]}, IN_FORCE)) == []
        )
        (broken,) = find_broken_relations([relation], {**values, first: breaking[relation.kind]}, IN_FORCE)
        assert broken.left == breaking[relation.kind] + sum(values[term] for term in others)
        assert broken.right == bound
    del values[first]
    assert list(find_broken_relations([relation], values, IN_FORCE)) == [], "a missing term decides nothing"


@given(st.sampled_from(range(len(IDENTITIES))), st.data())
def test_each_identity_of_a_dimension_holds_or_is_named(number, data):
    identity = IDENTITIES[number]
    members = {key: data.draw(counts) for key in SERIES[identity.indicator]}
    added, largest = sum(members.values()), max(members.values())
    if identity.kind == "sum_equals_total":
        assert list(find_broken_identities([identity], SERIES, {**members, identity.total: added})) == []
        other = data.draw(counts.filter(lambda total: total != added))
        assert list(find_broken_identities([identity], SERIES, {**members, identity.total: other}))
    else:
        assert identity.kind == "overlapping"
        assert list(find_broken_identities([identity], SERIES, {**members, identity.total: largest})) == []
        for broken in find_broken_identities([identity], SERIES, {**members, identity.total: largest - 1}):
            assert members[broken.at] > largest - 1


@given(st.integers(0, 500), st.integers(0, 500), st.integers(100, 3_000))
def test_forms_that_agree_break_nothing_although_groups_overlap(poor, near_poor, others):
    forms = make_review_forms(2 * (poor + near_poor) + 2 * others, poor, near_poor)
    together = {key: value for form in forms.values() for key, value in form.items()}
    assert together.keys() <= CATALOGUE.indicators.keys()
    assert find_broken(together) - {"movement_exceeds_start"} == set()


CHANGES = {
    "households": {"households_of_form_12", "persons_in_households"},
    "poor_households": {
        "movement_broken", "poor_deprivation_households", "poor_target_group_total", "poor_ethnicity_total",
        "poor_cause_total", "poor_households_of_form_12",
    },
    "poor_by_deprivation.nutrition": {"poor_by_deprivation.nutrition"},
    "poor_by_ethnicity_em": {"poor_kinh_and_em", "poor_em_of_target_groups", "em_poor_of_form_12", "poor_by_ethnicity_em"},
    "poor_by_target_group.em": {"poor_em_of_target_groups", "em_poor_of_form_8", "poor_by_target_group.em"},
    "local_poor_households": {"poor_households_local_within_em", "local_poor_within_households"},
    "em_poor_persons": {
        "em_poor_persons_within_persons", "em_multidimensional_persons_within_persons", "em_poor_persons_of_form_8",
    },
    "local_near_poor_persons": {"local_near_poor_persons_within_persons"},
    "kinh_poor_households": {"kinh_poor_persons_in_households"},
    "poor_by_target_group.merit": {"poor_merit_persons_in_households"},
    "poor_children_deprived.education": {"poor_children_deprived.education"},
    "near_poor_by_cause_total": {"near_poor_cause_total"},
}  # fmt: skip
"""What is named where a value of forms that agree becomes 1,000 times as large."""


@pytest.mark.parametrize("changed", CHANGES)
def test_a_value_that_does_not_fit_is_named_by_each_rule_that_it_breaks(changed):
    together = {key: value for form in make_review_forms().values() for key, value in form.items()}
    broken = find_broken({**together, changed: 1_000 * together[changed] + 7})
    assert broken >= CHANGES[changed]


def make_body(form, rows, unit=DISTRICT, **more):
    return {"unit": unit, "period": "2023", "form": form, "observations": rows, **more}


async def send(clients, body, dry_run="false"):
    headers = clients.make_headers("report", units=(DISTRICT,), client_id="district-610")
    path = f"/v1/poverty/reports?dry_run={dry_run}"
    return await clients.http.post(path, json=body, headers=headers)


async def test_the_forms_of_a_commune_are_accepted_together_and_refused_where_they_disagree(clients):
    forms = make_review_forms()
    kept = {}
    for form, values in forms.items():
        answer = await send(clients, make_body(form, list(list_rows(values, COMMUNE))))
        assert answer.status_code == 201, (form, answer.text)
        kept[form] = answer.json()["id"]

    async def correct(form, dry_run="true", exceptions=(), **changes):
        rows = list(list_rows({**forms[form], **changes}, COMMUNE))
        body = make_body(form, rows, supersedes=kept[form], exceptions=list(exceptions))
        return await send(clients, body, dry_run)

    # within a form: a fault at its row
    changed = await correct("review_poor_deprivations", poor_deprivations=100)
    assert changed.status_code == 422
    faults = {(fault["pointer"], fault["code"]) for fault in changed.json()["errors"]}
    assert faults == {
        ("/observations/1/value", "members_not_total"),
        ("/observations/1/value", "relation_broken"),
    }
    # between forms: the difference, by unit; an exception with a reason accepts it, visibly
    causes = {"poor_by_cause_total": 41}
    changed = await correct("review_causes", **causes)
    assert (changed.status_code, changed.json()["code"]) == (409, "forms_disagree"), changed.text
    assert changed.json()["differences"] == [
        {"unit": COMMUNE, "indicator": "poor_by_cause_total", "relation": "poor_cause_total", "stated": "41", "before": "40", "difference": "1", "ended_in": [COMMUNE]},
    ]  # fmt: skip
    assert "41 = 40" in changed.json()["detail"]
    reason = {"unit": COMMUNE, "indicator": "poor_by_cause_total", "reason": "một hộ chuyển đến sau rà soát"}
    accepted = await correct("review_causes", "false", [reason], **causes)
    assert accepted.status_code == 201, accepted.text
    report = await clients.http.get(
        f"/v1/poverty/reports/{accepted.json()['id']}", headers=clients.make_headers("read")
    )
    (exception,) = report.json()["exceptions"]
    assert (exception["relation"], exception["stated"], exception["before"]) == ("poor_cause_total", 41, 40)
    # the other way round: form 2 against all that repeat it, also where a district states both for its communes
    changed = await correct("annual_review", poor_households=42, poor_households_start=44 - 4)
    assert changed.status_code == 409
    assert changed.json()["differences_count"] == 5, "forms 4, 8, 9 and 12; form 10 has another value already"
    catalogued = await clients.get("indicators/poor_by_cause_total")
    assert [(row["code"], row["kind"], row["right"]) for row in catalogued["relations"]] == [
        ("poor_cause_total", "equal", ["poor_households"])
    ]
    # an exception for a value that no other form repeats
    pointless = {"unit": COMMUNE, "indicator": "poor_by_cause", "reason": "-"}
    refused = await correct("review_causes", exceptions=[pointless])
    assert [fault["code"] for fault in refused.json()["errors"]] == ["exception_without_start"]


async def test_a_district_is_compared_with_the_sum_of_its_communes(clients):
    table = read_table("poverty_annual_review")
    communes = sorted({row["unit"] for row in table if row["district"] == DISTRICT})
    rows = [row for unit in communes for row in list_rows({"households": 50, "poor_households": 5}, unit)]
    assert (await send(clients, make_body("annual_review", rows))).status_code == 201
    for total, expected in ((60, 201), (61, 409)):
        rows = list(list_rows({"poor_by_cause_total": total}, DISTRICT))
        answer = await send(clients, make_body("review_causes", rows), dry_run="true")
        assert answer.status_code == (200 if expected == 201 else expected), answer.text
    assert answer.json()["differences"][0]["ended_in"] == communes


async def test_a_movement_is_whole_and_a_total_review_states_households_and_ends(clients):
    plain = {"households": 200, "poor_households": 40, "near_poor_households": 20}
    movement = make_review_forms()["annual_review"]
    poor = {key: movement[key] for key in POOR.columns}
    for values in (plain, {**plain, **poor}, movement):
        answer = await send(clients, make_body("annual_review", list(list_rows(values, COMMUNE))), "true")
        assert answer.status_code == 200, answer.text
    for column in (*list(poor)[1:-1], *(key for key in movement if key not in poor)):
        if column in plain:
            continue
        for form in ("annual_review", "review_preliminary"):
            rows = list(list_rows({**plain, column: 2}, COMMUNE))
            answer = await send(clients, make_body(form, rows), "true")
            assert answer.status_code == 422, column
            assert {fault["code"] for fault in answer.json()["errors"]} == {"table_incomplete"}, column


PERSONAL: dict[str, tuple[dict[str, Any], str]] = {
    "a field of a row": ({"rows": [{"unit": COMMUNE, "indicator": "households", "value": 1, "ho_ten": "A"}]}, "/observations/0/ho_ten"),
    "a list of members": ({"thành viên": []}, "/thành viên"),
    "an identity number in a note": ({"note": "Hộ số CCCD 062090001234 chuyển đi"}, "/note"),
    "a name in a note": ({"note": "tách hộ bà Y Blao"}, "/note"),
    "a telephone number": ({"document": {"number": "0905123456", "signed_on": "2023-12-14", "signer_role": "chairman"}}, "/document/number"),
    "an identity number as a unit": ({"rows": [{"unit": "062090001234", "indicator": "households", "value": 1}]}, "/observations/0/unit"),
}  # fmt: skip


async def test_names_and_identity_numbers_are_refused_with_a_problem_of_their_own(clients):
    good = [{"unit": COMMUNE, "indicator": "households", "value": 1}]
    for case, (more, pointer) in PERSONAL.items():
        rest = {name: value for name, value in more.items() if name != "rows"}
        answer = await send(clients, make_body("annual_review", more.get("rows", good), **rest))
        assert (answer.status_code, answer.json()["code"]) == (422, "personal_data_refused"), case
        assert (pointer, "personal_data") in {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}, case  # fmt: skip
        assert "062090001234" not in answer.text or case == "an identity number as a unit"
    note = "Theo QĐ 654/QĐ-UBND ngày 27/12/2023, bà con 3 xã; kinh phí 1.274.696.000 đồng; Chủ tịch UBND xã Đăk Glei ký."
    answer = await send(clients, make_body("annual_review", good, note=note))
    assert answer.status_code == 201
    report, body = answer.json(), {"content_sha256": answer.json()["content_sha256"]}
    for action, scope in (("return", "review"), ("withdraw", "report")):
        refused = await clients.http.post(
            f"/v1/poverty/reports/{report['id']}/{action}",
            json={**body, "reason": "Hộ A Thơ chuyển đi"},
            headers=clients.make_headers(scope, units=(DISTRICT,), client_id=f"district-{scope}"),
        )
        assert (refused.status_code, refused.json()["code"]) == (422, "personal_data_refused"), refused.text
        assert refused.json()["errors"][0]["pointer"] == "/reason"


@pytest.mark.parametrize(
    "text",
    [
        "hộ A Thơ", "Y Blao", "tách hộ Y Blao.", "Nguyễn Văn An chuyển đi", "NGUYỄN VĂN AN chuyển đi", "anh Trần Hùng", "chị Lê Thị Hoa",
        "cụ Đinh Quang", "gia đình Nguyễn An", "gia đình A Blong", "Anh Lê Dũng chuyển đi", "thôn Kon Tu: hộ A Thơ", "hộ Lê Hoa ở xã Đăk Long",
        "ở xã Đăk Long, Nguyễn Văn An chuyển đi", unicodedata.normalize("NFD", "Nguyễn Văn An"), "hộ nghèo: A Thơ, Y Blao",
    ],
)  # fmt: skip
def test_a_text_that_names_a_person_is_recognised(text):
    assert seems_to_name_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "xã Đăk Long", "thôn Kon Tu", "huyện Sa Thầy", "số hộ Đăk Long 120", "hộ Kon Plông tăng", "hộ Xơ Đăng và hộ Gia Rai", "hộ Ba Na",
        "phường Trần Hưng Đạo", "các phường Lê Lợi, Trần Hưng Đạo, Nguyễn Trãi", "đường Nguyễn Văn Trỗi", "đường Lê Lợi, Nguyễn Thị Minh Khai",
        "trường THPT Lê Quý Đôn", "thành phố Hồ Chí Minh", "huyện Anh Sơn, Nghệ An", "huyện Cô Tô", "tỉnh Bà Rịa - Vũng Tàu", "Sở Y Tế", "Bộ Y Tế",
        "trạm Y Tế xã Đăk A Pa", "huyện A Lưới", "nhóm A Kon Tum", "cột A Biểu 12", "Ngày Gia đình Việt Nam", "gia đình ở Đăk Hà", "bà con Xơ Đăng",
        "ông ở Đăk Hà", "Chủ tịch UBND xã", "Trưởng thôn Kon Tu", "hộ Hà Nhì", "hộ DTTS Đăk Tô", "Mẹ Việt Nam Anh hùng", "Ia H'Drai",
    ],
)  # fmt: skip
def test_names_of_places_peoples_and_offices_name_no_person(text):
    assert not seems_to_name_person(text)


async def test_columns_of_lists_of_persons_are_personal_data(clients):
    row = {"unit": COMMUNE, "indicator": "households", "value": 1, "dan_toc": "Xơ Đăng", "quanHeVoiChuHo": "con", "Giới tính": "nữ"}  # fmt: skip
    answer = await send(clients, make_body("annual_review", [row]))
    assert answer.json()["code"] == "personal_data_refused"
    assert [fault["code"] for fault in answer.json()["errors"]] == ["personal_data"] * 3


def test_relations_with_unknown_terms_or_of_two_levels_stop_the_start():
    relation = RELATIONS["poor_cause_total"]
    for terms, message in ((("unknown",), "unknown indicators"), (("jobs_created",), "different levels")):
        with pytest.raises(ValueError, match=f"relation poor_cause_total is between .*{message}"):
            replace(CATALOGUE, relations=(replace(relation, right=terms),))
    with pytest.raises(ValueError, match="is that of two rows"):
        replace(CATALOGUE, relations=(relation, relation))
