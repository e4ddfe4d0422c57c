"""Edited drafts and published figures, without a service: a tampered figure is named, words are free."""

from decimal import Decimal
from typing import Any

import pytest

from services.papers.documents.docx_file import write_docx
from services.papers.documents.filling import fill_template
from services.papers.documents.pdf_file import write_pdf
from services.papers.documents.shipped_templates import load_shipped_templates
from services.papers.documents.xlsx_file import write_xlsx
from services.papers.drafts.job import check_draft_file
from services.papers.drafts.reading import read_draft
from services.papers.drafts.refusals import to_draft_refusal
from services.papers.drafts.rules import check_draft
from services.papers.published.actions import load_published
from services.papers.published.rules import (
    PublishedFigure,
    PublishedSum,
    check_printed_sum,
    find_base,
    find_repeated_ids,
    find_unprinted,
    reconcile,
)
from tests.papers.test_printing import UNIT, Y2023, make_money, make_template

HEADING = {
    "organ": ["ỦY BAN NHÂN DÂN", "{UNIT}"], "place": "{unit_name}", "symbol": "BC-UBND", "kind": "BÁO CÁO",
    "title": ["Kết quả năm {year}"], "signer": ["CHỦ TỊCH"], "recipients": ["Lưu: VT."],
}  # fmt: skip
POVERTY = {
    "figures": [
        {"indicator": "poor_households", "value": 6, "dimension": None, "lineage": "/v1/poverty/observations"}
    ]
}


@pytest.fixture(scope="module")
def filled() -> dict[str, Any]:
    answers = {"funding": make_money(disbursed_vnd="786539.3 190398.3 976937.6"), "poverty": POVERTY}
    template = make_template(heading=HEADING)
    return fill_template(template, answers, Y2023, UNIT, number="", on=None) | {"origin": "http://ntp.test"}


@pytest.mark.parametrize(
    ("write", "signature"), [(write_docx, b"PK"), (write_pdf, b"%PDF"), (write_xlsx, b"PK")]
)
def test_two_renderings_of_one_document_are_byte_equal(filled: Any, write: Any, signature: bytes) -> None:
    first, second = write(filled, b"")[1], write(filled, b"")[1]
    assert first == second
    assert first.startswith(signature)


def read_paragraphs(filled: Any) -> Any:
    return read_draft(None, write_docx(filled, b"")[1])[0]["paragraphs"]


def test_a_draft_may_change_words_and_no_figure(filled: Any) -> None:
    paragraphs = read_paragraphs(filled)
    for paragraph in paragraphs:
        paragraph["text"] = paragraph["text"].replace("Tỉnh Kon Tum", "Toàn tỉnh")
    assert check_draft(filled, paragraphs).faults == []
    control = next(control for paragraph in paragraphs for control in paragraph["controls"])
    control["text"] = "976.939"
    [fault] = check_draft(filled, paragraphs).faults
    assert (fault.kind, fault.slot, fault.expected, fault.stated) == (
        "changed", "funding.total.disbursed_vnd", "976.938", "976.939",
    )  # fmt: skip
    for paragraph in paragraphs:
        paragraph["controls"] = [other for other in paragraph["controls"] if other is not control]
    assert [fault.kind for fault in check_draft(filled, paragraphs).faults] == ["missing"]


def test_a_draft_without_controls_is_compared_by_its_numbers(filled: Any) -> None:
    paragraphs = [{"text": paragraph["text"], "controls": []} for paragraph in read_paragraphs(filled)]
    whole = check_draft(filled, paragraphs)
    assert (whole.by, whole.compared, whole.faults) == ("text", 2, [])
    for paragraph in paragraphs:
        paragraph["text"] = paragraph["text"].replace("06 hộ", "07 hộ")
    [fault] = check_draft(filled, paragraphs).faults
    assert (fault.slot, fault.expected, fault.stated) == ("poverty.poor_households", "06", "07")


def test_a_refused_draft_is_told_what_a_draft_is() -> None:
    refused, _ = check_draft_file({}, b"hello")
    assert refused == {"refused": "file_kind_unknown"}
    [fault] = to_draft_refusal(refused["refused"]).faults
    assert "docx" in fault.sentence.en


def make_figure(name: str, printed: str, decimals: int = 0, *, at_least: bool = False) -> PublishedFigure:
    return PublishedFigure(name, "poverty.rate", Decimal(printed), decimals, at_least, "")


@pytest.mark.parametrize(
    ("printed", "decimals", "value", "verdict"),
    [
        ("6.84", 2, "6.837035", "ties"), ("6.84", 2, "6.8349", "rounding"), ("6.48", 2, "6.837035", "differs"),
        ("16", 0, "15.964706", "ties"), ("16", 0, "15.5", "ties"), ("16", 0, "16.5", "rounding"), ("16", 0, None, "no_data"),
    ],
)  # fmt: skip
def test_a_printed_figure_ties_differs_by_rounding_or_differs(
    printed: str, decimals: int, value: str | None, verdict: str
) -> None:
    figure = make_figure("P", printed, decimals)
    assert reconcile(figure, None if value is None else Decimal(value)) == verdict


def test_more_than_is_reached_or_exceeded() -> None:
    assert reconcile(make_figure("G", "120", at_least=True), Decimal(123)) == "ties"
    assert reconcile(make_figure("G", "120", at_least=True), Decimal(119)) == "differs"


def test_printed_sums_and_what_is_not_printed() -> None:
    total, first, second = (
        make_figure("F07", "976938"),
        make_figure("F10", "786539"),
        make_figure("F12", "190398"),
    )
    assert check_printed_sum(total, [first, second]) == "rounding"
    assert check_printed_sum(make_figure("T", "976937"), [first, second]) == "ties"
    assert check_printed_sum(make_figure("T", "976947"), [first, second]) == "differs"
    left = find_unprinted(PublishedSum("", "F07", ("F10", "left")), {"F07": total, "F10": first})
    assert (left["left"].lowest, left["left"].highest) == (Decimal(190398), Decimal(190400))
    base = find_base(make_figure("F10", "786539"), make_figure("F11", "72.51", 2))
    assert base.lowest < Decimal(1084732) < base.highest


def test_an_id_that_two_figures_have_is_a_fault_of_the_second() -> None:
    faults = list(find_repeated_ids(["P01", "P02", "P01"]))
    assert [(fault.pointer, fault.code) for fault in faults] == [("/figures/2/id", "figure_id_repeated")]


@pytest.mark.parametrize("template", load_shipped_templates(), ids=lambda template: template.code)
def test_every_shipped_template_becomes_a_document_without_any_data(template: Any) -> None:
    filled = fill_template(template, {}, Y2023, UNIT, number="", on=None) | {"origin": "http://ntp.test"}
    assert set(filled["missing"]) == {figure["slot"] for figure in filled["figures"]}
    for write in (write_docx, write_pdf, write_xlsx):
        assert write(filled, b"")[1]


def test_plan_570_is_shipped_with_all_its_figures() -> None:
    table = load_published("plan-570")
    assert len(table.figures) == 41
    assert {row.total for row in table.sums} <= {figure.id for figure in table.figures}
