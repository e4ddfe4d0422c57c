"""A made-up country of any size, with a reform in the shape of 2025: no districts, communes merged by threes."""

from datetime import date, timedelta

from shared.territory.units import Succession, SuccessionKind, Unit

START, REFORM = date(2004, 7, 8), date(2025, 7, 1)


def country(provinces, districts, communes, merged):
    """Give units and successions: communes of a province are merged in groups; a group of one stays unchanged."""
    last = REFORM - timedelta(days=1)
    units, links = [], []
    district_number = commune_number = 0
    for number in range(1, provinces + 1):
        province = f"{number:02d}"
        units.append(Unit(province, "province", "tinh", f"Tỉnh {number}", None, START))
        old = []
        for _ in range(districts):
            district_number += 1
            district = f"{district_number:03d}"
            units.append(Unit(district, "district", "huyen", f"Huyện {district}", province, START, last))
            links.append(Succession(district, START, None, None, REFORM, "abolished"))
            for _ in range(communes):
                commune_number += 1
                code = f"{commune_number:05d}"
                old.append(code)
                units.append(Unit(code, "commune", "xa", f"Xã {code}", district, START, last))
        for first in range(0, len(old), merged):
            group = old[first : first + merged]
            units.append(Unit(group[0], "commune", "xa", f"Xã mới {group[0]}", province, REFORM))
            kind: SuccessionKind = "merged" if len(group) > 1 else "unchanged"
            links += [Succession(code, START, group[0], REFORM, REFORM, kind) for code in group]
    return units, links
