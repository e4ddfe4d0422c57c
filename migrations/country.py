"""Build the tables of the whole country: `python -m migrations.country --tables DIR`.

DIR holds `units_until_2025_06_30.csv`, `units_from_2025_07_01.csv` and `successions_2025_07_01.csv`, plain tables of the data
set `vietnamadminunits` (see `territory/country/NOTICE`). The result, `territory/country/units.csv.gz` and
`successions.csv.gz`, is inserted by the revision `territory_0002` and is frozen with it; the product never reads DIR.

The units of the first release (Kon Tum, and its land in Quảng Ngãi) are left out: they were inserted by `territory_0001`.
"""

import argparse
import csv
import gzip
import io
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

HISTORY = Path(__file__).parent / "territory"
FIRST_RELEASE, COUNTRY = HISTORY / "first_release", HISTORY / "country"

CODES_FROM, LAST_OLD_DAY, NEW_FROM = "2004-07-08", "2025-06-30", "2025-07-01"
"""The first day of the codes (QĐ 124/2004/QĐ-TTg), the last day of the districts, and the first one without them."""

UNIT_FIELDS = (
    *("code", "level", "kind", "name", "name_en", "parent", "valid_from", "valid_to", "lat", "lon"),
    *("min_lat", "min_lon", "max_lat", "max_lon", "area_km2", "border", "source", "confidence"),
)
SUCCESSION_FIELDS = (
    *("predecessor", "predecessor_valid_from", "successor", "successor_valid_from"),
    *("effective_on", "kind", "weight", "main_part"),
)
KINDS = {
    "Tỉnh": "tinh", "Thành phố": "thanh_pho", "Quận": "quan", "Huyện": "huyen", "Thị xã": "thi_xa",
    "Xã": "xa", "Phường": "phuong", "Thị trấn": "thi_tran", "Đặc khu": "dac_khu",
}  # fmt: skip
BOX = ("min_lat", "min_lon", "max_lat", "max_lon")

Row = dict[str, str]


def build_units(old: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """Return the units of both maps, each with its days, its source and its place where that is its own."""
    rows = [
        to_unit(fact, CODES_FROM, LAST_OLD_DAY, "founding not known here: valid from is the day of the codes")
        for fact in old
    ]
    rows += [to_unit(fact, NEW_FROM, "", "box not known") for fact in new]
    drop_wrong_places(rows)
    return rows


def to_unit(fact: Mapping[str, str], valid_from: str, valid_to: str, remark: str) -> Row:
    """Return the unit of a row of the data set."""
    place = {field: fact.get(field, "") for field in ("lat", "lon", *BOX, "area_km2")}
    return {
        "code": fact["code"], "level": fact["level"], "kind": KINDS[fact["kind"]], "name": fact["name"],
        "name_en": remove_accents(fact["name"]), "parent": fact["parent"], "valid_from": valid_from, "valid_to": valid_to,
        **place, "border": "0", "source": f"vietnamadminunits 1.0.4; border not known; {remark}",
        "confidence": "sourced; first day default" if valid_to else "sourced",
    }  # fmt: skip


def remove_accents(name: str) -> str:
    """Return a name without Vietnamese letters."""
    decomposed = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def drop_wrong_places(rows: Sequence[Row]) -> None:
    """Empty a place that repeats that of another unit, because the data set has none of its own, or whose centre lies
    outside its box."""
    centres: set[tuple[str, str, str]] = set()
    for row in rows:
        centre = (row["valid_from"], row["lat"], row["lon"])
        if centre in centres or lies_outside_box(row):
            row.update(dict.fromkeys(("lat", "lon", *BOX), ""), source=f"{row['source']}; place not known")
        centres.add(centre)


def lies_outside_box(row: Row) -> bool:
    """Whether the centre of a unit lies outside its own box."""
    if not row["min_lat"]:
        return False
    lat, lon, *box = (float(row[field]) for field in ("lat", "lon", *BOX))
    return not (box[0] <= lat <= box[2] and box[1] <= lon <= box[3])


def build_successions(old: Sequence[Row], new: Sequence[Row], facts: Sequence[Row]) -> list[Row]:
    """Return what each unit of the old map became: communes by the data set, provinces by their communes."""
    old_parents = {fact["code"]: fact["parent"] for fact in old}
    new_parents = {fact["code"]: fact["parent"] for fact in new}
    predecessors: dict[str, list[Row]] = defaultdict(list)
    into: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        predecessors[fact["successor"]].append(fact)
        code = fact["predecessor"]
        while old_parents[code]:
            code = old_parents[code]
        into[code].add(new_parents[fact["successor"]])
    sources: dict[str, set[str]] = defaultdict(set)
    for province, successors in into.items():
        for successor in successors:
            sources[successor].add(province)
    rows = []
    for province, successors in sorted(into.items()):
        (successor,) = successors  # each province went wholly into one
        kind = "unchanged" if sources[successor] == {province} else "merged"
        rows.append(to_succession(province, successor, kind))
    went_into_communes = {fact["predecessor"] for fact in facts}
    rows += [
        to_succession(fact["code"], "", "abolished")
        for fact in old
        if fact["level"] == "district" and fact["code"] not in went_into_communes
    ]
    for fact in facts:
        kind = "merged" if len(predecessors[fact["successor"]]) > 1 else "unchanged"
        main_part = "1" if fact["main_part"] == "1" else "0"
        rows.append(
            to_succession(
                fact["predecessor"], fact["successor"], "split" if fact["what"] == "part" else kind, main_part
            )
        )
    return rows


def to_succession(predecessor: str, successor: str, kind: str, main_part: str = "0") -> Row:
    """Return a succession of 1 July 2025."""
    return {
        "predecessor": predecessor, "predecessor_valid_from": CODES_FROM, "successor": successor,
        "successor_valid_from": NEW_FROM if successor else "", "effective_on": NEW_FROM, "kind": kind, "weight": "",
        "main_part": main_part,
    }  # fmt: skip


def main() -> None:
    """Write the packed tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=Path, required=True, help="the folder of the plain tables")
    tables: Path = parser.parse_args().tables
    old = read_rows(tables / "units_until_2025_06_30.csv")
    new = read_rows(tables / "units_from_2025_07_01.csv")
    facts = read_rows(tables / "successions_2025_07_01.csv")
    released = read_rows(FIRST_RELEASE / "units.csv")
    before = {row["code"] for row in released if row["valid_to"] == LAST_OLD_DAY}
    after = {row["code"] for row in released if not row["valid_to"]}
    units = [
        row for row in build_units(old, new) if row["code"] not in (before if row["valid_to"] else after)
    ]
    successions = [row for row in build_successions(old, new, facts) if row["predecessor"] not in before]
    write_packed(COUNTRY / "units.csv.gz", UNIT_FIELDS, units)
    write_packed(COUNTRY / "successions.csv.gz", SUCCESSION_FIELDS, successions)


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a plain table."""
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def write_packed(path: Path, fields: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a table, ordered and without the time of writing, so that the same rows give the same bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: [row[field] for field in fields]))
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


if __name__ == "__main__":
    main()
