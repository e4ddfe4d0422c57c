"""Every figure of a program, computed again from nothing but its lineage."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from shared.reporting.catalogue.formulas import Average, CountUnits, FromRegister, Ratio, Sum, TotalOrParts
from tests.program_clients import Clients


def compute(formula: Any, stated: Any) -> Any:
    """Return a figure from values by unit and indicator; None without values or without a denominator."""

    def total(codes: Any) -> Any:
        summands = [value for values in stated.values() for code, value in values.items() if code in codes]
        return sum(summands, Decimal(0)) if summands else None

    match formula:
        case Sum(terms):
            return total(terms)
        case TotalOrParts(whole, parts):
            totals = [
                values[whole] if whole in values else sum(values[code] for code in parts)
                for values in stated.values()
                if whole in values or values.keys() >= set(parts)
            ]
            return sum(totals) if totals else None
        case Ratio(numerator, denominator, scale):
            above, below = total(numerator), total(denominator)
            return above * scale / below if above is not None and below else None
        case Average(terms):
            complete = [values for values in stated.values() if values.keys() >= set(terms)]
            return (
                sum(values[code] for values in complete for code in terms) / len(complete)
                if complete
                else None
            )
        case CountUnits(inputs, rule):
            complete = [values for values in stated.values() if values.keys() >= set(inputs)]
            return Decimal(sum(map(rule, complete))) if complete else None


def compute_from_lineage(figure: Any, period: Any, values: Any) -> Any:
    """Return a figure from the values of its lineage, of a change from those of both ends."""
    if figure.changing is not None:
        end = [value for value in values if value["period"].startswith(period)]
        before = [value for value in values if value not in end]
        ends = [
            compute_from_lineage(of_end, period, part)
            for of_end, part in ((figure.read_before, before), (figure.changing, end))
        ]
        if None in ends:
            return None
        if figure.formula.direction == "share":
            return 100 * ends[1] / ends[0]
        return ends[0] - ends[1] if figure.formula.direction == "fall" else ends[1] - ends[0]
    stated: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for value in values:
        series = ".".join([value["indicator"], *(value["dimension"] or {}).values()])
        assert series not in stated[value["unit"]], "a value counts once"
        stated[value["unit"]][series] = Decimal(str(value["value"]))
    return compute(figure.formula, stated)


async def check_lineages(clients: Clients, period: Any = "2023", units: Any = ("62", "610", "23344")) -> Any:
    """Compare each figure of which something is stated with the one computed from its lineage; return those with a value."""
    catalogue, checked = clients.catalogue, set()
    for unit in units:
        for code, answer in (await clients.read_figures(period, unit)).items():
            if answer["dimension"] is not None or answer["status"] is None:
                continue  # nothing is stated, or it is traced by the member of its dimension
            lineage = await clients.get(f"lineage/{code}", period=period, unit=unit)
            assert lineage["value"] == answer["value"], (unit, code)
            figure = catalogue.figures[code]
            assert (lineage["formula"], lineage["version"]) == (figure.formula_text, figure.version)
            if isinstance(figure.formula, FromRegister):
                rows = await clients.list_all(lineage["register_rows"])
                assert len({row.get("code") or row["unit"] for row in rows}) == answer["value"], (unit, code)
                checked.add(code)
                continue
            if answer["missing"]:
                assert answer["value"] is None, (unit, code)
                continue
            computed = compute_from_lineage(figure, period, lineage["values"])
            assert (computed is None) == (answer["value"] is None), (unit, code)
            if computed is not None:
                assert abs(computed - Decimal(str(answer["value"]))) < Decimal("0.000001"), (unit, code)
                checked.add(code)
            reports = {report["id"]: report for report in lineage["reports"]}
            assert {value["report"] for value in lineage["values"]} == set(reports)
            for report in reports.values():
                assert report["reviewed_by"], "an accepted figure has a reviewer"
                receipt = await clients.get(f"receipts/{report['receipt_code']}")
                assert receipt["content_sha256"] == report["content_sha256"]
    return checked
