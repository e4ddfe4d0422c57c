"""The forms of a year that agree with each other, for one unit of any size: what a commune of Kon Tum could state."""

from collections.abc import Iterator, Mapping

DEPRIVATIONS = (
    "employment", "dependants", "nutrition", "health_insurance", "adult_education", "child_school_attendance",
    "housing_quality", "housing_area", "clean_water", "hygienic_toilet", "telecommunication", "information_devices",
)  # fmt: skip
GROUPS = ("xo_dang", "ba_na", "gie_trieng", "gia_rai", "brau", "ro_mam", "hre", "tay", "thai", "muong", "nung", "mong", "dao", "ede", "mnong", "co", "other")  # fmt: skip
CAUSES = ("production_land", "capital", "labour", "tools", "production_knowledge", "labour_skills", "illness_accident", "other")  # fmt: skip

Form = dict[str, int]
"""Values by series key."""


def make_review_forms(households=200, poor=40, near_poor=20) -> dict[str, Form]:
    """Return the values of each form of a yearly review: 4 persons in a household, half of all of ethnic minorities."""
    persons, poor_persons, near_poor_persons = 4 * households, 4 * poor, 4 * near_poor
    em, em_poor, em_near_poor = households // 2 + poor, poor - poor // 8, near_poor // 2
    forms: dict[str, Form] = {
        "annual_review": {
            "households": households,
            **_make_movement("poor_households", "poor_to_near_poor", "poor_to_above_near_poor", "poor_other_decrease", "near_poor_to_poor", "returned_to_poverty", "newly_poor", "poor_other_increase", end=poor),
            **_make_movement("near_poor_households", "near_poor_to_poor", "near_poor_to_above", "near_poor_other_decrease", "poor_to_near_poor", "returned_to_near_poverty", "newly_near_poor", "near_poor_other_increase", end=near_poor),
        },
        "annual_review_persons": {
            "persons": persons,
            **_make_movement("poor_persons", "poor_persons_to_near_poor", "poor_persons_to_above_near_poor", "poor_persons_other_decrease", "near_poor_persons_to_poor", "persons_returned_to_poverty", "newly_poor_persons", "poor_persons_other_increase", end=poor_persons),
            **_make_movement("near_poor_persons", "near_poor_persons_to_poor", "near_poor_persons_to_above", "near_poor_persons_other_decrease", "poor_persons_to_near_poor", "persons_returned_to_near_poverty", "newly_near_poor_persons", "near_poor_persons_other_increase", end=near_poor_persons),
        },
        "review_living_standard": {"average_living_households": poor, "average_living_persons": 4 * poor},
        "review_poor_deprivations": _make_deprivations("poor", poor, 4),
        "review_near_poor_deprivations": _make_deprivations("near_poor", near_poor, 2),
        "review_target_groups": {
            **_make_target_groups("poor", poor, em_poor),
            **_make_target_groups("near_poor", near_poor, em_near_poor),
            **_make_target_groups("poor_persons", poor_persons, 4 * em_poor),
            **_make_target_groups("near_poor_persons", near_poor_persons, 4 * em_near_poor),
        },
        "review_ethnic_groups": {
            **_make_ethnicity("poor", poor, em_poor),
            **_make_ethnicity("near_poor", near_poor, em_near_poor),
        },
        "review_causes": {**_make_causes("poor", poor), **_make_causes("near_poor", near_poor)},
        "review_children": {**_make_children("poor", poor), **_make_children("near_poor", near_poor)},
        "review_em_poor": {
            **_make_group_columns("households", households, em),
            **_make_group_columns("persons", persons, 4 * em),
            **_make_group_columns("poor_households", poor, em_poor),
            **_make_group_columns("poor_persons", poor_persons, 4 * em_poor),
            "merit_poor_households": poor // 10,
            "no_labour_poor_households": poor // 5,
            "female_headed_poor_households": poor // 4,
        },
        "review_em_near_poor": {
            **_make_group_columns("near_poor_households", near_poor, em_near_poor),
            **_make_group_columns("near_poor_persons", near_poor_persons, 4 * em_near_poor),
            "merit_near_poor_households": near_poor // 10,
            "no_labour_near_poor_households": near_poor // 5,
            "female_headed_near_poor_households": near_poor // 4,
        },
    }  # fmt: skip
    return forms


def list_rows(form: Mapping[str, int], unit: str) -> Iterator[dict[str, object]]:
    """Return the observations of a unit that state the values of a form."""
    dimensions = {
        "poor_by_deprivation": "deprivation",
        "near_poor_by_deprivation": "deprivation",
        "em_poor_by_ethnic_group": "ethnic_group",
        "em_near_poor_by_ethnic_group": "ethnic_group",
        "poor_by_cause": "poverty_cause",
        "near_poor_by_cause": "poverty_cause",
        "poor_children_deprived": "child_deprivation",
        "near_poor_children_deprived": "child_deprivation",
        "persons_trained_by_level": "training_level",
        "half_year_persons_trained_by_level": "training_level",
    }
    for key, value in form.items():
        indicator, _, member = key.partition(".")
        row: dict[str, object] = {"unit": unit, "indicator": indicator, "value": value}
        if member:
            row["dimension"] = {dimensions.get(indicator, "target_group"): member}
        yield row


def _make_movement(kind: str, *columns: str, end: int) -> Form:
    """Return a movement in which two of each column moved, so that the start follows from the end."""
    leaving, coming = columns[:3], columns[3:]
    start = end + 2 * len(leaving) - 2 * len(coming)
    return {f"{kind}_start": start, **dict.fromkeys(columns, 2), kind: end}


def _make_deprivations(who: str, households: int, each: int) -> Form:
    members = {
        f"{who}_by_deprivation.{member}": households if number < each else 0
        for number, member in enumerate(DEPRIVATIONS)
    }
    return {
        f"{who}_by_deprivation_households": households,
        f"{who}_deprivations": each * households,
        **members,
    }


def _make_target_groups(who: str, total: int, em: int) -> Form:
    """Return groups that overlap: together they are more than the total."""
    groups = {"em": em, "no_labour": total // 2, "merit": total // 2, "other": 0}
    return {
        f"{who}_by_target_group_total": total,
        **{f"{who}_by_target_group.{group}": value for group, value in groups.items()},
    }


def _make_ethnicity(who: str, total: int, em: int) -> Form:
    groups = {f"em_{who}_by_ethnic_group.{group}": 0 for group in GROUPS}
    groups[f"em_{who}_by_ethnic_group.xo_dang"] = em - em // 3
    groups[f"em_{who}_by_ethnic_group.gie_trieng"] = em // 3
    return {
        f"{who}_by_ethnicity_total": total,
        f"{who}_by_ethnicity_kinh": total - em,
        f"{who}_by_ethnicity_em": em,
        **groups,
    }


def _make_causes(who: str, total: int) -> Form:
    return {f"{who}_by_cause_total": total, **{f"{who}_by_cause.{cause}": total // 2 for cause in CAUSES}}


def _make_children(who: str, total: int) -> Form:
    kinds = ("health_insurance", "nutrition", "education")
    return {f"{who}_children": total, **{f"{who}_children_deprived.{kind}": total // 2 for kind in kinds}}


def _make_group_columns(suffix: str, total: int, em: int) -> Form:
    return {
        f"em_review_{suffix}": total,
        f"kinh_{suffix}": total - em,
        f"em_{suffix}": em,
        f"local_{suffix}": em - em // 4,
    }
