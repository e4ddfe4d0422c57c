"""The codes that entries may name are dated facts, and the tables must not contradict each other."""

import shutil

import pytest

from services.funding.app import create_app
from services.funding.dated_facts import DATA, load_catalogue
from services.funding.settings import FundingSettings


def test_the_shipped_codes():
    shipped = load_catalogue()
    assert set(shipped.programs) == {"rural", "poverty", "ethnic"}
    assert {code: program.budget_code for code, program in shipped.programs.items()} == {
        "rural": "0490",
        "poverty": "0470",
        "ethnic": "0510",
    }
    assert len(shipped.components) == 59
    assert shipped.counted_sources == {"central"}
    assert [code for code, source in shipped.sources.items() if source.group == "local_budget"] == [
        "counterpart",
        "counterpart_province",
        "counterpart_district",
        "counterpart_commune",
        "integrated",
    ]


@pytest.mark.anyio
async def test_anyone_reads_the_codes(http):
    catalogue = (await http.get("/v1/funding/catalogue")).json()
    assert {len(catalogue["programs"]), len(catalogue["components"]), len(catalogue["sources"])} == {
        3,
        59,
        11,
    }
    component = next(component for component in catalogue["components"] if component["code"] == "GN.DA1.TDA1")
    assert (component["program"], component["parent"], component["valid_from"]) == (
        "poverty",
        "GN.DA1",
        "2021-01-01",
    )
    assert component["confidence"] == "from memory", "what is unsure says so where it is shown"


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("components", "GN.DA1.TDA1,poverty", "GN.DA1.TDA1,health"),
        ("components", "subproject,GN.DA1,", "subproject,GN.DA77,"),
        ("sources", "state budget,yes", "state budget,maybe"),
        ("sources", "state budget,yes", "state budget,no"),
        ("counterpart_ratios", "rural,,10", "health,,10"),
        ("counterpart_ratios", "rural,,10", "rural,capital,10"),
        ("counterpart_ratios", "rural,,10", "rural,,1001"),
    ],
)
def test_tables_that_contradict_each_other_are_refused_at_start(tmp_path, table, old, new):
    folder = tmp_path / "codes"
    shutil.copytree(DATA, folder)
    path = folder / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    settings = FundingSettings(
        database_url="postgresql+asyncpg://nobody@127.0.0.1:9/none", funding_catalogue=folder
    )
    with pytest.raises(ValueError, match=r"can only be|is none of|unknown (program|component)|no source"):
        create_app(settings)


def test_a_code_is_in_force_from_its_first_to_its_last_day(tmp_path):
    folder = tmp_path / "codes"
    shutil.copytree(DATA, folder)
    path = folder / "sources.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("no,2021-01-01,,Báo", "no,2021-01-01,2023-06-30,Báo"),
        encoding="utf-8",
    )
    catalogue = load_catalogue(folder)

    def codes(year):
        return [
            fault.code
            for fault in catalogue.find_code_faults(
                program="rural", component=None, source="credit", year=year
            )
        ]

    assert [codes(year) for year in (2020, 2021, 2023, 2024, None)] == [
        ["program_not_in_force", "source_not_in_force"], [], [], ["source_not_in_force"], []
    ]  # fmt: skip
