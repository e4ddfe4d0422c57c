"""Every figure of a program is made again, by hand, from nothing but what its lineage shows."""

from collections import defaultdict
from decimal import Decimal

from shared.reporting.catalogue.formulas import Average, CountUnits, FromRegister, Ratio, Sum
from tests.registers import Clients


def by_hand(formula, stated):
    """Make a figure from values by unit and indicator; None where nothing, or no divisor, was stated."""

    def total(codes):
        found = [value for values in stated.values() for code, value in values.items() if code in codes]
        return sum(found, Decimal(0)) if found else None

    match formula:
        case Sum(terms):
            return total(terms)
        case Ratio(numerator, denominator, scale):
            above, below = total(numerator), total(denominator)
            return above * scale / below if above is not None and below else None
        case Average(terms):
            whole = [values for values in stated.values() if values.keys() >= set(terms)]
            return sum(values[code] for values in whole for code in terms) / len(whole) if whole else None
        case CountUnits(inputs, rule):
            whole = [values for values in stated.values() if values.keys() >= set(inputs)]
            return Decimal(sum(map(rule, whole))) if whole else None


async def every_figure_follows_from_its_lineage(
    clients: Clients, period="2023", units=("62", "610", "23344")
):
    """Compare each figure with what its lineage gives by hand; the codes of those that had a value."""
    catalogue, seen = clients.catalogue, set()
    for unit in units:
        for code, said in (await clients.figures(period, unit)).items():
            lineage = await clients.get(f"lineage/{code}", period=period, unit=unit)
            assert lineage["value"] == said["value"], (unit, code)
            figure = catalogue.figures[code]
            assert (lineage["formula"], lineage["version"]) == (figure.formula_text, figure.version)
            if isinstance(figure.formula, FromRegister):
                rows = await clients.follow(lineage["register_rows"])
                assert len({row.get("code") or row["unit"] for row in rows}) == said["value"], (unit, code)
                seen.add(code)
                continue
            stated: dict[str, dict[str, Decimal]] = defaultdict(dict)
            for one in lineage["values"]:
                assert one["indicator"] not in stated[one["unit"]], "a value counts once"
                stated[one["unit"]][one["indicator"]] = Decimal(str(one["value"]))
            made = by_hand(figure.formula, stated)
            assert (made is None) == (said["value"] is None), (unit, code)
            if made is not None:
                assert abs(made - Decimal(str(said["value"]))) < Decimal("0.000001"), (unit, code)
                seen.add(code)
            behind = {one["id"]: one for one in lineage["reports"]}
            assert {one["report"] for one in lineage["values"]} == set(behind)
            for report in behind.values():
                assert report["reviewed_by"], "an accepted figure has a reviewer"
                receipt = await clients.get(f"receipts/{report['receipt_code']}")
                assert receipt["content_sha256"] == report["content_sha256"]
    return seen
