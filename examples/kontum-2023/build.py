"""Build the tables of this example from published facts: `python build.py --facts <folder with the fact tables>`.

Run by hand when the facts change; the tables are committed, and the product never needs the facts themselves.
"""

import argparse
from pathlib import Path

from building import ethnic, facts, funding, ocop, plan, poverty, rural, standing, tables

DATA = Path(__file__).parent / "data"


def build(known: facts.Facts) -> dict[str, list[tables.Row]]:
    standings = standing.decide(known)
    return {
        "districts": [{"code": code, "name": name} for code, name in known.districts.items()],
        "plan_570": plan.figures(known),
        "poverty_annual_review": poverty.annual_review(known, standings),
        "poverty_annual_results": poverty.annual_results(known),
        "targets": poverty.targets(),
        "ethnic_annual_land": ethnic.annual_land(known),
        "ethnic_classifications": ethnic.classifications(standings),
        "rural_criteria_assessment": rural.criteria_assessment(known, standings),
        "rural_villages": rural.villages(known, standings),
        "rural_recognitions": rural.recognitions(known, standings),
        "rural_ocop_products": ocop.products(known),
        "funding_opening_balances": funding.opening_balances(known),
        "funding_carry_overs": funding.carry_overs(known),
        "funding_allocations": funding.allocations(known),
        "funding_disbursements": funding.disbursements(known),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--facts", type=Path, required=True, help="folder with the fact tables")
    DATA.mkdir(exist_ok=True)
    for name, rows in build(facts.load(options.parse_args().facts)).items():
        tables.write(DATA / f"{name}.csv", rows)
        print(f"{name}.csv: {len(rows)} rows")


if __name__ == "__main__":
    main()
