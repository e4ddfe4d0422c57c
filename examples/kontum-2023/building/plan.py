"""The figures that Plan 570 prints: money, ethnic affairs, poverty, rural development and oversight."""

from building.facts import Facts
from building.tables import Row

INPUTS = {
    "F01": "split", "F02": "split", "F03": "split", "F04": "split", "F05": "split", "F06": "split",
    "F07": "split", "F08": "split", "F10": "split", "F11": "assumed", "F12": "split", "F13": "assumed",
    "E01": "split", "E02": "split", "E03": "assumed",
    "P01": "split", "P02": "assumed", "P03": "split", "P04": "assumed", "P05": "assumed", "P06": "split", "P07": "split",
}  # fmt: skip
"""The origin of the inputs of each figure. `split`: the total is published, its parts are apportioned. `assumed`: some input
is not published, and was chosen within the range that the printed figures allow. All rural figures are `assumed`: the plan
prints numbers of communes, and other pages name some of the communes. All figures of oversight are `assumed`: the plan prints
numbers of documents, and names a few."""


def figures(facts: Facts) -> list[Row]:
    return [
        {
            "id": row["id"],
            "program": row["program"],
            "figure": row["figure"],
            "printed": row["value"],
            "decimals": row["decimals"],
            "unit_of_measure": row["unit_of_measure"],
            "reads": "achieved_percent" if row["id"] == "P05" else "value",
            "compares": "at_least" if row["id"] == "G01" else "equal",
            "inputs": INPUTS.get(row["id"], "assumed"),
            "definition": row["definition"],
        }
        for row in facts.plan
    ]
