"""Build the tables of this example from published facts: `python build.py --facts <folder with the fact tables>`.

Run it by hand when the facts change. The tables are committed; the product never needs the facts themselves.
"""

import argparse
from pathlib import Path

from building import (
    ethnic,
    facts,
    funding,
    ocop,
    oversight,
    plan,
    poverty,
    poverty_forms,
    recognized,
    rural,
    tables,
    targets,
)

DATA = Path(__file__).parent / "data"


def build(published: facts.Facts) -> dict[str, list[tables.Row]]:
    """Return the rows of every table, by the name of the table."""
    communes = recognized.choose_communes(published)
    review = poverty.annual_review(published, communes)
    results = poverty.annual_results(published)
    land = ethnic.annual_land(published)
    return {
        "districts": [{"code": code, "name": name} for code, name in published.districts.items()],
        "plan_570": plan.figures(published),
        "poverty_annual_review": review,
        "poverty_annual_results": results,
        "poverty_annual_livelihoods": poverty_forms.annual_livelihoods(results),
        "poverty_review_em_poor": poverty_forms.review_em_poor(published, review, land),
        "poverty_series": poverty_forms.series(published),
        "targets": targets.targets(),
        "ethnic_annual_land": land,
        "ethnic_classifications": ethnic.classifications(communes),
        "rural_criteria_assessment": rural.criteria_assessment(published, communes),
        "rural_villages": rural.villages(published, communes),
        "rural_recognitions": rural.recognitions(published, communes),
        "rural_ocop_products": ocop.products(published),
        "funding_opening_balances": funding.opening_balances(published),
        "funding_carry_overs": funding.carry_overs(published),
        "funding_assignments": funding.assignments(published),
        "funding_allocations": funding.allocations(published),
        "funding_disbursements": funding.disbursements(published),
        "oversight_bodies": oversight.bodies(published),
        "oversight_documents": oversight.documents(published),
        "oversight_conferences": oversight.conferences(published),
        "oversight_inspections": oversight.inspections(published),
        "oversight_campaigns": oversight.campaigns(published),
        "oversight_supervisions": oversight.supervisions(published),
        "oversight_plan_capital": oversight.plan_capital(published),
        "oversight_plan_tasks": oversight.plan_tasks(published),
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
