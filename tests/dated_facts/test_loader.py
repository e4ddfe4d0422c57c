"""Files of dated facts: every fault of a file is named at once, with its table, row and field."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.dated_facts.facts import Dated, DatedFact, select_in_force
from shared.dated_facts.loader import FactsFile, FaultyFactsError, fill_nested, open_facts
from shared.dated_facts.schemas import DatedOut, LabelOut
from shared.kit.problems import Sentence

BASIS = 'legal_basis = "QĐ 1"\nconfidence = "sourced"\n'
days = st.dates(date(2020, 1, 1), date(2020, 3, 1))
spans = st.tuples(days, st.none() | days).filter(lambda span: span[1] is None or span[0] <= span[1])


@dataclass(frozen=True, slots=True)
class Part:
    code: str
    points: Decimal


@dataclass(frozen=True, slots=True)
class Rate(DatedFact):
    code: str
    label: Sentence
    rate: Decimal
    level: Literal["district", "commune"] = "commune"
    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise ValueError("the rate is negative")


@dataclass(frozen=True, slots=True)
class Source(Dated):
    code: str
    counted: bool
    official: frozenset[str]


@dataclass(frozen=True, slots=True)
class Header:
    program: str


def load_rates(path: Any) -> Any:
    with open_facts(path) as facts:
        header = facts.header(Header)
        rates = facts.rows("rate", Rate, aliases={"rate": "percent", "parts": "part"}, one_in_force=["code"])
    return header, rates


def write(folder: Any, text: Any) -> Any:
    path = folder / "rates.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(path: Any, load: Any = load_rates) -> Any:
    with pytest.raises(FaultyFactsError) as refused:
        load(path)
    assert all(line.startswith(f"{path}") for line in refused.value.faults)
    return [line.partition(": ")[2] for line in refused.value.faults]


NO_DATE = "input should be a valid date or datetime, month value is outside expected range of 1-12"
RATE = """
[[rate]]
code = "poor"
label = { vi = "nghèo", en = "poor" }
percent = 4.5
valid_from = 2021-01-01
part = [{ code = "a", points = 3 }]
"""


@given(st.lists(spans, max_size=4))
def test_two_rows_in_force_at_once_are_refused_and_no_others(found: Any) -> None:
    rows = [Dated(valid_from=first, valid_to=last) for first, last in found]
    every_day = [
        date(2020, 1, 1).fromordinal(at) for at in range(*(date(2020, m, 1).toordinal() for m in (1, 4)))
    ]
    at_once = any(len(select_in_force(rows, day)) > 1 for day in every_day)
    file = FactsFile(Path("rates.toml"), {})
    file.refuse_overlaps("rate", rows, lambda _: "one key")
    assert bool(file.faults) == at_once
    file.faults.clear()
    file.refuse_overlaps("rate", rows, id)
    assert file.faults == []


def test_a_table_is_read_into_its_dataclass(tmp_path: Path) -> None:
    header, rates = load_rates(write(tmp_path, f'program = "poverty"\n{RATE}{BASIS}'))
    assert header == Header("poverty")
    assert rates == (
        Rate(
            code="poor",
            label=Sentence("nghèo", "poor"),
            rate=Decimal("4.5"),
            parts=(Part("a", Decimal(3)),),
            valid_from=date(2021, 1, 1),
            legal_basis="QĐ 1",
            confidence="sourced",
        ),
    )


def test_every_fault_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    broken = (
        RATE.replace('"poor"\nlabel', '"broken"\nlabel')
        .replace('en = "poor"', 'eng = "poor"')
        .replace("percent", 'level = "hamlet"\nfloor = 1\nrate')
        .replace("points = 3", 'points = "many"')
    )
    twice = RATE + BASIS + RATE.replace("2021", "2022") + BASIS
    negative = RATE.replace('"poor"\nlabel', '"low"\nlabel').replace("4.5", "-1") + BASIS
    path = write(tmp_path, f"program = 7\n{twice}{negative}{broken}\n[[ratio]]\ncode = 1\n")
    assert faults(path) == [
        "program: is 7; input should be a valid string",
        "rate low: the rate is negative",
        "rate broken: label: en: is missing",
        "rate broken: label: eng: is not a known field",
        "rate broken: percent: is missing",
        "rate broken: level: is 'hamlet', and can only be 'district' or 'commune'",
        "rate broken: part a: points: is 'many'; input should be a valid decimal",
        "rate broken: legal_basis: is missing",
        "rate broken: confidence: is missing",
        "rate broken: floor: is not a known field",
        "rate broken: rate: is not a known field",
        "rate: two rows in force at once for poor: from 2021-01-01 and from 2022-01-01",
        "ratio: is not a known table",
    ]


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ('code = " "', "code: is blank"),
        ('code = "Bad Code!"', "code: is 'Bad Code!'; a code is up to 80 letters"),
        (f'code = "{"a" * 81}"', "a code is up to 80 letters"),
        ('legal_basis = ""', "rate low: legal_basis: is blank"),
        ('label = { vi = "a", en = " " }', "rate low: label: en: is blank"),
        ("valid_to = 2021-12-31", "rate low: valid_to: is 2021-12-31, before valid_from, 2022-01-01"),
        ('part = [{ code = "half way", points = 1 }]', "part half way: code: is 'half way'"),
    ],
)
def test_a_row_states_its_texts_its_code_and_its_days_in_order(
    tmp_path: Path, written: str, fault: str
) -> None:
    row = {
        "code": '"low"',
        "label": '{ vi = "a", en = "b" }',
        "percent": "1",
        "valid_from": "2022-01-01",
        "legal_basis": '"QĐ 1"',
        "confidence": '"sourced"',
    }
    name, _, value = written.partition(" = ")
    path = tmp_path / "rates.toml"
    lines = [f"{name} = {value}" for name, value in {**row, name: value}.items()]
    path.write_text('program = "poverty"\n[[rate]]\n' + "\n".join(lines), encoding="utf-8")
    with pytest.raises(FaultyFactsError) as refused:
        load_rates(path)
    assert len(refused.value.faults) == 1
    assert fault in refused.value.faults[0]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('program = "x"\n', "rate: wanted: rows, each under [[rate]]"),
        (
            f'program = "x"\n{RATE.replace("[[rate]]", "[rate]")}{BASIS}',
            "rate: wanted: rows, each under [[rate]]",
        ),
        ("program = ", "Invalid value (at end of document)"),
    ],
)
def test_a_file_that_has_no_rows_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    assert any(fault in line for line in faults(write(tmp_path, text)))


def load_sources(folder: Any) -> Any:
    with open_facts(folder) as facts:
        return facts.rows("sources", Source, split=["official"], one_in_force=["code"])


def test_a_folder_holds_a_csv_file_for_each_table(tmp_path: Path) -> None:
    path = tmp_path / "sources.csv"
    head = "code,counted,official,valid_from,valid_to\n"
    path.write_text(head + "central,yes,A B,2021-01-01,\nlocal,no,,2021-01-01,2022-12-31\n", encoding="utf-8")
    central, local = load_sources(tmp_path)
    assert central == Source("central", True, frozenset("AB"), valid_from=date(2021, 1, 1))
    assert (local.counted, local.official, local.valid_to) == (False, frozenset(), date(2022, 12, 31))
    path.write_text(head + "central,maybe,A,2021-13-01,,more\n,no,,2021-01-01,\n", encoding="utf-8")
    with pytest.raises(FaultyFactsError) as refused:
        load_sources(tmp_path)
    assert [line.removeprefix(f"{path}: ") for line in refused.value.faults] == [
        "sources central: counted: is 'maybe'; input should be a valid boolean, unable to interpret input",
        f"sources central: valid_from: is '2021-13-01'; {NO_DATE}",
        "sources central: (cells beyond the header): is not a known field",
        "sources #2: code: is missing",
    ]


def test_nested_tables_take_what_they_do_not_state_from_their_row() -> None:
    row = {"set": [{"rows": [{"basis": "own"}, {}]}, 5], "other": [{}]}
    assert fill_nested(row, ["set", "rows"], {"basis": "QĐ"}) == {
        "set": [{"rows": [{"basis": "own"}, {"basis": "QĐ"}]}, 5],
        "other": [{}],
    }
    assert fill_nested(row, ["none"], {"basis": "QĐ"}) == row


class RateOut(LabelOut, DatedOut):
    code: str
    more: int


def test_a_fact_is_serialized_with_its_label_in_two_languages(tmp_path: Path) -> None:
    _, (rate,) = load_rates(write(tmp_path, f'program = "poverty"\n{RATE}{BASIS}'))
    assert RateOut.from_fact(rate, more=1).model_dump(mode="json") == {
        "legal_basis": "QĐ 1",
        "confidence": "sourced",
        "valid_from": "2021-01-01",
        "valid_to": None,
        "label": "nghèo",
        "label_en": "poor",
        "code": "poor",
        "more": 1,
    }
