"""Printed figures, filled templates and printed sums: without a service."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.papers.documents.dates import write_day
from services.papers.documents.filling import fill_template
from services.papers.documents.printing import NO_VALUE, PrintRule, print_value
from services.papers.documents.shipped_templates import load_shipped_templates
from services.papers.documents.templates import (
    Template,
    TemplateFaulty,
    TemplateNotFound,
    choose_template,
    find_template_faults,
)
from services.papers.issues.rules import compare_figures
from shared.periods import Period
from tests.program_clients import read_table

UNIT = {"code": "62", "name": "Kon Tum", "kind": "tinh"}
Y2023 = Period.parse("2023")


@pytest.mark.parametrize(
    ("value", "rule", "text"),
    [
        ("10220", PrintRule(padding=2), "10.220"), ("6", PrintRule(padding=2), "06"), ("0", PrintRule(padding=2), "00"),
        ("6.837035", PrintRule("percent", 2), "6,84"), ("98.600085", PrintRule("percent", 2), "98,6"),
        ("100", PrintRule("percent", 2), "100"), ("103.695112", PrintRule("percent", 1), "103,7"),
        ("976937600000", PrintRule("million_vnd"), "976.938"), ("190398500000", PrintRule("million_vnd"), "190.399"),
        ("-500000", PrintRule("million_vnd"), "-1"), ("123", PrintRule("more_than"), "120"),
        ("15.964706", PrintRule(padding=2), "16"), (None, PrintRule(), NO_VALUE),
    ],
)  # fmt: skip
def test_a_figure_is_rounded_once_and_printed_as_documents_write_it(
    value: str | None, rule: PrintRule, text: str
) -> None:
    assert print_value(None if value is None else Decimal(value), rule) == text


def test_days_have_two_digits_where_the_decree_wants_them() -> None:
    assert write_day("Kon Tum", "2024-02-09") == "Kon Tum, ngày 09 tháng 02 năm 2024"
    assert write_day("Kon Tum", "2024-11-19") == "Kon Tum, ngày 19 tháng 11 năm 2024"


def test_every_shipped_template_is_bound_and_says_how_certain_it_is() -> None:
    templates = load_shipped_templates()
    assert templates
    for template in templates:
        assert find_template_faults(template.document) == [], template.code
        assert template.document["confidence"] in {"sourced", "from memory", "unsure"}
        assert template.document["legal_basis"]


def make_money(**millions: str) -> dict[str, Any]:
    names = ("investment", "recurrent", "total")
    rows = [
        {
            "capital": name,
            **{field: int(Decimal(values.split()[place]) * 1_000_000) for field, values in millions.items()},
        }
        for place, name in enumerate(names)
    ]
    return {"rows": rows[:2], "total": rows[2], "sources": []}


def make_template(**changes: Any) -> Template:
    document = {
        "code": "test", "label": "Thử", "periods": ["year"], "valid_from": "2020-01-01", "legal_basis": "–",
        "confidence": "unsure", "heading": {"title": ["Năm {year}"]},
        "paragraph": [{"text": "{Unit}: {{funding.total.disbursed_vnd}} triệu đồng, {{poverty.poor_households}} hộ."}],
        "slot": [
            {"tag": f"funding.{row}.disbursed_vnd", "print": "million_vnd"} for row in ("total", "investment", "recurrent")
        ] + [{"tag": "poverty.poor_households", "padding": 2}],
        "sum": [
            {
                "label": "Giải ngân", "total": "funding.total.disbursed_vnd",
                "parts": ["funding.investment.disbursed_vnd", "funding.recurrent.disbursed_vnd"],
            }
        ],
    }  # fmt: skip
    return Template("test", {**document, **changes})


def test_printed_parts_that_do_not_add_up_get_a_footnote_by_themselves() -> None:
    answers = {"funding": make_money(disbursed_vnd="786539.3 190398.3 976937.6")}
    filled = fill_template(make_template(), answers, Y2023, UNIT, number="", on=None)
    [paragraph] = filled["paragraphs"]
    assert paragraph["text"] == f"Tỉnh Kon Tum: 976.938 triệu đồng, {NO_VALUE} hộ."
    assert (paragraph["state"], filled["missing"]) == ("partial", ["poverty.poor_households"])
    assert filled["notes"][0]["runs"][0]["text"] == (
        "Giải ngân: các số thành phần sau khi làm tròn cộng lại là 976.937 triệu đồng, số tổng là 976.938 triệu đồng; "
        "tính theo đồng thì khớp."
    )
    ties = fill_template(
        make_template(), {"funding": make_money(disbursed_vnd="2 3 5")}, Y2023, UNIT, number="", on=None
    )
    assert ties["notes"] == []
    moved = compare_figures(filled["figures"], ties["figures"])
    assert [(figure.slot.split(".")[1], figure.text_after) for figure in moved] == [
        ("total", "5"), ("investment", "2"), ("recurrent", "3"),
    ]  # fmt: skip


def test_an_unbound_slot_refuses_the_document() -> None:
    faulty = make_template(paragraph=[{"text": "{{poverty.no_such_slot}}"}])
    with pytest.raises(TemplateFaulty) as refusal:
        fill_template(faulty, {}, Y2023, UNIT, number="", on=None)
    assert [fault.code for fault in refusal.value.faults] == ["slot_unbound"]
    wrong = make_template(
        slot=[{"tag": "nowhere.figure"}, {"tag": "poverty.rate.nothing"}, {"tag": "funding.all.paid_vnd"}]
    )
    assert (
        len([fault for fault in find_template_faults(wrong.document) if fault.code == "slot_binding_wrong"])
        == 3
    )


def test_the_template_of_the_unit_and_day_is_chosen() -> None:
    common, own = make_template(), make_template(unit="62", valid_to="2024-12-31")
    for year, chosen in ((2024, own), (2025, common)):
        on = date(year, 12, 31)
        assert (
            choose_template([own, common], "test", unit="62", level="province", period_kind="year", on=on)
            is chosen
        )
    with pytest.raises(TemplateNotFound):
        choose_template([own], "test", unit="62", level="province", period_kind="month", on=date(2023, 1, 31))


def test_the_annual_report_binds_every_figure_of_the_plan() -> None:
    [template] = [template for template in load_shipped_templates() if template.document.get("unit") == "62"]
    bound = {(binding.service, binding.indicator) for binding in template.slots.values()}
    rows = {"carried_over_from_2022": "total", "available_total": "total", "local_budget": "local_budget"}
    for row in read_table("plan_570"):
        indicator = row["figure"]
        if row["program"] == "funding":
            indicator = rows.get(indicator, indicator.rpartition("_")[2])
        assert (row["program"], indicator) in bound, row["id"]
