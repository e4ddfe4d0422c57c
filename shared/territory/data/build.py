"""Build the shipped tables from the fact tables: `python -m shared.territory.data.build --facts DIR`.

DIR holds admin_units.csv, admin_units_2025_mapping.csv and admin_unit_aliases.csv. The product never reads it when it
runs. The first migration inserts `units.csv`, `successions.csv` and `aliases.csv`. After a release a change of the territory
is a new table and a new revision, not an edit of these.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).parent

CODES_FROM = "2004-07-08"
"""First day of the codes (QĐ 124/2004/QĐ-TTg): the default first day of a unit whose founding day is not known."""
LAST_OLD_DAY = "2025-06-30"
NEW_FROM = "2025-07-01"

FOUNDED = {
    **dict.fromkeys(
        (
            "617",
            "23404",
            "23407",
            "23410",
            "23413",
            "23416",
            "23417",
            "23419",
            "23422",
            "23425",
            "23446",
            "23449",
        ),
        ("2005-06-09", "district founded by NĐ 76/2005/NĐ-CP", "sourced"),
    ),
    **dict.fromkeys(("23427", "23430"), ("2005-06-09", "founded by NĐ 76/2005/NĐ-CP", "sourced")),
    "23534": ("2006-03-22", "founded by NĐ 28/2006/NĐ-CP", "sourced"),
    **dict.fromkeys(("23504", "23510"), ("2013-12-20", "founded by NQ 126/NQ-CP", "sourced")),
    **dict.fromkeys(
        ("618", "23535", "23537", "23538"),
        (
            "2015-03-11",
            "district founded by NQ 890/NQ-UBTVQH13",
            "year sourced; day and document from memory",
        ),
    ),
    "23473": ("2019-09-01", "township made of xã Đăk Long by a resolution of 16/7/2019", "sourced"),
}
"""Units younger than the codes: the first day under their present parent, its source, and the confidence."""

MANG_DEN = "23473"
UNIT_FIELDS = (
    *("code", "level", "kind", "name", "name_en", "parent", "valid_from", "valid_to", "lat", "lon"),
    *("min_lat", "min_lon", "max_lat", "max_lon", "area_km2", "border", "source", "confidence"),
)
SUCCESSION_FIELDS = (
    *("predecessor", "predecessor_valid_from", "successor", "successor_valid_from"),
    *("effective_on", "kind", "weight"),
)
ALIAS_FIELDS = ("code", "valid_from", "spelling", "source")
KINDS = {
    "Tỉnh": "tinh",
    "Thành phố": "thanh_pho",
    "Huyện": "huyen",
    "Xã": "xa",
    "Phường": "phuong",
    "Thị trấn": "thi_tran",
}
PLACE = ("lat", "lon", "min_lat", "min_lon", "max_lat", "max_lon")
FACT_PLACE = ("lat", "lon", "bbox_min_lat", "bbox_min_lon", "bbox_max_lat", "bbox_max_lon")

Row = dict[str, str]


def old_units(facts: Iterable[Mapping[str, str]]) -> list[Row]:
    """Return the units until 30 June 2025, and the xã that Măng Đen was before it became a township."""
    rows: list[Row] = []
    seen: set[tuple[str, ...]] = set()
    for fact in facts:
        valid_from, reason, confidence = FOUNDED.get(
            fact["code"],
            (CODES_FROM, "founding not known here: valid from is the day of the codes", "default day"),
        )
        place = tuple(fact[field] for field in FACT_PLACE)
        borrowed = place in seen  # the source repeats the coordinates of the unit above where it has none
        seen.add(place)
        rows.append({
            "code": fact["code"], "level": fact["level"], "kind": KINDS[fact["type_vi"]], "name": fact["name_vi"],
            "name_en": fact["name_en"], "parent": fact["parent_code"], "valid_from": valid_from, "valid_to": LAST_OLD_DAY,
            **({} if borrowed else dict(zip(PLACE, place, strict=True))),
            "border": fact["border_commune"] or "0",
            "source": f"admin_units; {reason}" + ("; place not known" if borrowed else ""), "confidence": confidence,
        })  # fmt: skip
        if fact["code"] == MANG_DEN:
            rows.append({
                **rows[-1], "kind": "xa", "name": "Đăk Long", "name_en": "Dak Long", "valid_from": CODES_FROM,
                "valid_to": "2019-08-31", "source": "resolution of 16/7/2019: the whole land of xã Đăk Long became Măng Đen",
                "confidence": "name, land and last day sourced; first day default",
            })  # fmt: skip
    return rows


def new_units(facts: Iterable[Mapping[str, str]], old: Mapping[str, Row]) -> list[Row]:
    """Return the province of 1 July 2025 and its 40 communes on the land of Kon Tum."""
    parts: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for fact in facts:
        parts[fact["new_code"]].append(fact)
    rows: list[Row] = [{
        "code": "51", "level": "province", "kind": "tinh", "name": "Quảng Ngãi", "name_en": "Quang Ngai",
        "valid_from": NEW_FROM, "border": "0",
        "source": "NQ 202/2025/QH15; 40 of its 96 communes are known here", "confidence": "sourced; document from memory",
    }]  # fmt: skip
    for code, merged in sorted(parts.items()):
        first = merged[0]
        predecessors = [old[fact["old_code"]] for fact in merged]
        rows.append({
            "code": code, "level": "commune", "kind": KINDS[first["new_type_vi"]], "name": first["new_name_vi"],
            "name_en": first["new_name_en"], "parent": first["new_province_code"], "valid_from": first["effective_date"],
            **_bounding_box(predecessors), "area_km2": first["new_area_km2"],
            "border": "1" if any(unit["border"] == "1" for unit in predecessors) else "0",
            "source": "admin_units_2025_mapping; NQ 1677/NQ-UBTVQH15; box drawn around what was merged", "confidence": "sourced",
        })  # fmt: skip
    return rows


def _bounding_box(units: list[Row]) -> Row:
    """Return the bounding box of units where the boxes of all are known; a single unit keeps its centre too."""
    if any("min_lat" not in unit for unit in units):
        return {}
    box = {
        **{side: min((unit[side] for unit in units), key=float) for side in ("min_lat", "min_lon")},
        **{side: max((unit[side] for unit in units), key=float) for side in ("max_lat", "max_lon")},
    }
    return {**box, **({"lat": units[0]["lat"], "lon": units[0]["lon"]} if len(units) == 1 else {})}


def successions(facts: Iterable[Mapping[str, str]], old: Mapping[str, Row]) -> list[Row]:
    """Return the successions of the old units."""
    rows: list[Row] = [
        _succession(MANG_DEN, CODES_FROM, MANG_DEN, old[MANG_DEN]["valid_from"], "unchanged"),
        _succession("62", old["62"]["valid_from"], "51", NEW_FROM, "merged"),
    ]
    rows += [
        _succession(code, row["valid_from"], "", "", "abolished")
        for code, row in old.items()
        if row["level"] == "district"
    ]
    rows += [
        _succession(
            fact["old_code"],
            old[fact["old_code"]]["valid_from"],
            fact["new_code"],
            NEW_FROM,
            fact["mapping_kind"],
        )
        for fact in facts
    ]
    return rows


def _succession(code: str, valid_from: str, successor: str, successor_valid_from: str, kind: str) -> Row:
    return {
        "predecessor": code, "predecessor_valid_from": valid_from, "successor": successor,
        "successor_valid_from": successor_valid_from, "effective_on": successor_valid_from or NEW_FROM, "kind": kind,
    }  # fmt: skip


def aliases(facts: Iterable[Mapping[str, str]], old: Mapping[str, Row], changed: Iterable[Row]) -> list[Row]:
    """Return the spellings of each unit; a successor with the name of a predecessor inherits its spellings."""
    sources: dict[tuple[str, str], list[str]] = defaultdict(list)
    for fact in facts:
        if fact["alias_kind"] not in sources[fact["code"], fact["alias"]]:
            sources[fact["code"], fact["alias"]].append(fact["alias_kind"])
    rows = [
        {
            "code": code,
            "valid_from": old[code]["valid_from"],
            "spelling": spelling,
            "source": "; ".join(kinds),
        }
        for (code, spelling), kinds in sources.items()
    ]
    names: dict[str, set[str]] = defaultdict(set)
    for code, spelling in sources:
        names[code] |= {spelling, old[code]["name"]}
    for unit, predecessors in _predecessors(changed):
        inherited = {
            spelling
            for code in predecessors
            if unit["name"] in names[code] | {old[code]["name"]}
            for spelling in names[code] - {unit["name"]}
        }
        rows += [
            {
                "code": unit["code"],
                "valid_from": NEW_FROM,
                "spelling": spelling,
                "source": "as its predecessor of that name",
            }
            for spelling in sorted(inherited)
        ]
    return rows


def _predecessors(changed: Iterable[Row]) -> Iterable[tuple[Row, list[str]]]:
    for unit in changed:
        if unit.get("predecessors"):
            yield unit, unit["predecessors"].split()


def main() -> None:
    """Write the three tables into the folder of this script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, required=True, help="the folder of the fact tables")
    facts: Path = parser.parse_args().facts
    mapping = _read(facts / "admin_units_2025_mapping.csv")
    before = old_units(_read(facts / "admin_units.csv"))
    old = {row["code"]: row for row in before if row["valid_to"] == LAST_OLD_DAY}
    after = new_units(mapping, old)
    for unit in after:
        unit["predecessors"] = " ".join(
            fact["old_code"] for fact in mapping if fact["new_code"] == unit["code"]
        )
    _write("units.csv", UNIT_FIELDS, [*before, *after], ("code", "valid_from"))
    _write("successions.csv", SUCCESSION_FIELDS, successions(mapping, old), SUCCESSION_FIELDS[:3])
    _write(
        "aliases.csv",
        ALIAS_FIELDS,
        aliases(_read(facts / "admin_unit_aliases.csv"), old, after),
        ALIAS_FIELDS[:3],
    )


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def _write(name: str, fields: tuple[str, ...], rows: list[Row], order: tuple[str, ...]) -> None:
    with (HERE / name).open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, fields, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: [row[field] for field in order]))


if __name__ == "__main__":
    main()
