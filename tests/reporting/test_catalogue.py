"""A catalogue is checked whole when it is loaded: a contradiction stops the start and fails in no report."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest

from shared.periods import PeriodKind
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.catalogue_file import load_catalogue
from shared.reporting.catalogue.formulas import Average, CountUnits, FromRegister, Ratio, Sum
from shared.reporting.engine import ReportingEngine
from tests.reporting.office import catalogue, done

HEAD = """
program = "poverty"

[[form]]
code = "census"
label = { vi = "Điều tra", en = "Census" }
periods = ["year", "half"]
owed_by = "district"
legal_basis = "TT 1"
confidence = "sourced"
valid_from = 2016-01-01
due = [{ days_after_end = 5, clause = "Điều 1", confidence = "sourced", valid_from = 2016-01-01 }]
step = [{ code = "certified", label = { vi = "xác nhận", en = "certified" }, legal_basis = "TT 2", level = "commune" }]
"""

OTHER = HEAD.split("\n\n")[1].replace("census", "other")

INDICATOR = """
[[indicator]]
code = "{code}"
label = {{ vi = "Hộ", en = "Households" }}
form = "{form}"
unit_of_measure = "households"
level = "commune"
legal_basis = "TT 1"
valid_from = {valid_from}
{more}
"""

FIGURE = """
[[figure]]
code = "{code}"
label = {{ vi = "Tỷ lệ", en = "Rate" }}
kind = "{kind}"
unit_of_measure = "percent"
definition = {{ vi = "…", en = "…" }}
legal_basis = "TT 1"
valid_from = 2016-01-01
{more}
"""


def indicator(code="households", form="census", valid_from="2016-01-01", more=""):
    return INDICATOR.format(code=code, form=form, valid_from=valid_from, more=more)


def figure(code, kind, more=""):
    return FIGURE.format(code=code, kind=kind, more=more)


@pytest.fixture
def load(tmp_path):
    def read(*parts, rules=None) -> Catalogue:
        path = tmp_path / "catalogue.toml"
        path.write_text(HEAD + "".join(parts), encoding="utf-8")
        return load_catalogue(path, rules=rules)

    return read


def test_every_kind_of_figure_is_read(load):
    loaded = load(
        indicator(),
        indicator("poor"),
        figure("sum", "sum", 'terms = ["households", "poor"]'),
        figure("rate", "ratio", 'numerator = ["poor"]\ndenominator = ["households"]\nbetter = "lower"'),
        figure("mean", "average", 'terms = ["poor"]\nheadline = true'),
        figure("many", "count", 'inputs = ["poor", "households"]\nrule = "done"\nadds = false'),
        figure("kept", "register", 'register = "decisions"'),
        rules={"done": done},
    )
    formulas = {code: figure.formula for code, figure in loaded.figures.items()}
    assert formulas["sum"] == Sum(("households", "poor"))
    assert formulas["rate"] == Ratio(("poor",), ("households",), Decimal(100))
    assert formulas["mean"] == Average(("poor",))
    assert formulas["many"] == CountUnits(("poor", "households"), done)
    assert formulas["kept"] == FromRegister("decisions")
    assert loaded.figures["rate"].better == "lower"
    assert not loaded.figures["many"].adds
    assert [figure.code for figure in loaded.find_figures(date(2023, 12, 31), headline=True)] == ["mean"]
    assert [figure.code for figure in loaded.made_unit_by_unit["poor"]] == ["many"]
    form = loaded.forms["census"]
    assert form.periods == {PeriodKind.YEAR, PeriodKind.HALF}
    assert (form.due[0].days_after_end, form.steps[0].code) == (5, "certified")
    assert form.steps[0].level == "commune"


def test_every_indicator_is_a_figure_for_as_long_as_any_of_its_versions_is_in_force(load):
    loaded = load(
        indicator(more="valid_to = 2020-12-31\nmaximum = 10"),
        indicator(valid_from="2021-01-01", more="version = 2\nvalid_to = 2024-12-31\nmaximum = 20"),
    )
    versions = loaded.indicators["households"]
    assert [version.version for version in versions] == [1, 2]
    assert loaded.find_indicator("households", date(2020, 12, 31)).maximum == 10
    assert loaded.find_indicator("households", date(2021, 1, 1)).maximum == 20
    assert loaded.find_indicator("households", date(2015, 12, 31)) is None
    plain = loaded.figures["households"]
    assert plain.formula == Sum(("households",))
    assert (plain.valid_from, plain.valid_to) == (date(2016, 1, 1), date(2024, 12, 31))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([indicator(form="nowhere")], "households.*unknown form.*nowhere"),
        (
            [
                indicator(more="valid_to = 2020-12-31"),
                indicator(form="nowhere", valid_from="2021-01-01", more="version = 2"),
            ],
            "unknown form",
        ),
        ([indicator(), indicator(valid_from="2020-01-01")], "households.*two versions.*2020-01-01"),
        (
            [indicator(more="valid_to = 2020-01-01"), indicator(valid_from="2020-01-01")],
            "households.*two versions",
        ),
        ([indicator(more="minimum = 5\nmaximum = 4")], "households.*minimum"),
        ([indicator(more="decimals = 7")], "households.*decimal"),
        ([indicator(), figure("f", "sum", 'terms = ["nothing"]')], "f.*unknown indicators.*nothing"),
        (
            [indicator(), figure("f", "median", 'terms = ["households"]')],
            "figure f: kind: .*unknown kind: median",
        ),
        ([indicator(), figure("f", "count", 'inputs = ["households"]\nrule = "no_rule"')], "f.*no_rule"),
        (
            [indicator(), figure("households", "count", 'inputs = ["households"]\nrule = "done"')],
            "households.*unit by unit.*indicator",
        ),
        (
            [indicator(), *[figure("f", "sum", 'terms = ["households"]')] * 2],
            "figure f: code: is that of two rows",
        ),
        ([HEAD.split("\n\n")[1], indicator()], "form census: code: is that of two rows"),
        ([indicator(more="floor = 5")], "indicator households: floor: is not a known field"),
        (
            [indicator(), figure("f", "sum", 'terms = ["households"]\nroof = 5')],
            "figure f: roof: is not a known field",
        ),
        (
            [
                OTHER.replace("due =", "due_days = 25\ndue ="),
                indicator(),
            ],
            "form other: due_days: is not a known field",
        ),
        (
            [
                OTHER.replace("5, clause", "5, day = 1, clause"),
                indicator(),
            ],
            "form other: due #1: day: is not a known field",
        ),
        (
            [
                OTHER.replace('"commune"', '"hamlet"'),
                indicator(),
            ],
            "form other: step certified: level: is 'hamlet', and can only be 'district' or 'commune'",
        ),
        (
            [OTHER.replace('owed_by = "district"', 'owed_by = "distrct"'), indicator()],
            "catalogue.toml: form other: owed_by: is 'distrct', and can only be 'district' or 'commune'$",
        ),
        (
            [
                OTHER
                + 'owing = [{ level = "hamlet", legal_basis = "-", confidence = "-", valid_from = 2025-07-01 }]',
                indicator(),
            ],
            "form other: owing #1: level: is 'hamlet', and can only be 'commune' or 'province'",
        ),
        (
            [
                OTHER
                + "owing = ["
                + 2 * '{ level = "commune", legal_basis = "-", confidence = "-", valid_from = 2025-07-01 },'
                + "]",
                indicator(),
            ],
            "form other: owing: two rows in force at once",
        ),
        (
            [OTHER.replace('"half"', '"semester"'), indicator()],
            "catalogue.toml: form other: periods #2: is 'semester', and can only be 'year', 'half', 'quarter' or 'month'$",
        ),
        (
            [indicator().replace('"commune"', '"comune"'), indicator("poor").replace('"commune"', "5")],
            (
                "catalogue.toml: indicator households: level: is 'comune', and can only be 'district' or 'commune'\n"
                ".*catalogue.toml: indicator poor: level: is 5, and can only be 'district' or 'commune'$"
            ),
        ),
        (
            [indicator(more='kinds = ["xa", "tran"]')],
            "catalogue.toml: indicator households: kinds: is 'tran', and can only be one of: xa, phuong, thi_tran",
        ),
        (
            [indicator(), figure("f", "sum", 'terms = ["households"]\nbetter = "more"')],
            "catalogue.toml: figure f: better: is 'more', and can only be 'higher' or 'lower'$",
        ),
        (["\n[[form]"], "catalogue.toml: "),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused_with_the_place(load, parts, words):
    with pytest.raises(ValueError, match=words):
        load(*parts, rules={"done": done})


def test_a_figure_from_a_register_that_the_service_does_not_have_is_refused():
    shipped = catalogue()
    jobs = replace(shipped.figures["jobs"], formula=FromRegister("decisions"))
    with pytest.raises(ValueError, match=r"jobs.*decisions"):
        ReportingEngine(replace(shipped, figures={**shipped.figures, "jobs": jobs}))


SHIPPED = [
    path
    for path in Path("services").glob("*/catalogue.toml")
    if find_spec(f"services.{path.parent.name}.rules")
]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_every_row_that_ships_has_a_legal_basis_and_both_languages(path):
    import tomllib

    document = tomllib.loads(path.read_text(encoding="utf-8"))
    assert document["program"] == path.parent.name
    for row in (*document["form"], *document["indicator"], *document.get("figure", ())):
        assert row["legal_basis"].strip(), row["code"]
        assert row["label"]["vi"].strip(), row["code"]
        assert row["label"]["en"].strip(), row["code"]
        assert row["label"]["vi"] != row["label"]["en"], row["code"]
