"""The rural service, by its parts."""

from pathlib import Path

from fastapi import FastAPI

from services.rural import __doc__ as description
from services.rural.assessments import api as assessments
from services.rural.criteria import api as criteria
from services.rural.criteria.measures import refuse_unknown, stated_on_forms
from services.rural.criteria.rules import Judge
from services.rural.dated_facts import (
    load_criteria_sets,
    load_ocop_rules,
    load_standard_conditions,
    load_thresholds,
)
from services.rural.ocop import api as ocop
from services.rural.ocop.rules import ProductExists
from services.rural.ocop.store import counting
from services.rural.recognitions import api as recognitions
from services.rural.recognitions.in_force import CHANGES as RECOGNITION_CHANGES
from services.rural.recognitions.in_force import count as count_recognized
from services.rural.recognitions.in_force import may_move
from services.rural.recognitions.rules import RecognitionExists
from services.rural.revocations import api as revocations
from services.rural.rules import RULES
from services.rural.settings import RuralSettings
from services.rural.standards import api as standards
from services.rural.villages import api as villages
from services.rural.villages.actions import VillageExists
from shared.kit.clock import Clock, system_clock
from shared.reporting.catalogue.catalogue_file import load_catalogue
from shared.reporting.engine import Register
from shared.reporting.service import create_program


def create_app(settings: RuralSettings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Build the service from the environment, or from the settings given."""
    settings = settings or RuralSettings()
    ocop_rules = load_ocop_rules(settings.ocop_rules_file)
    sets = load_criteria_sets(settings.criteria_sets_file)
    thresholds = load_thresholds(sets, settings.thresholds_file)
    catalogue = load_catalogue(
        Path(__file__).with_name("catalogue.toml"),
        rules=RULES,
        derivation_rules=[Judge(sets, thresholds).derive],
        more_indicators=stated_on_forms(sets),
    )
    refuse_unknown(sets, catalogue)
    return create_program(
        catalogue=catalogue,
        title="Xây dựng nông thôn mới / New rural development",
        description=description or "",
        settings=settings,
        registers={
            "recognitions": Register(count_recognized, RECOGNITION_CHANGES, may_move),
            "ocop": Register(counting(ocop_rules), frozenset({"product.evaluated"})),
        },
        routers=[
            criteria.router,
            assessments.router,
            villages.router,
            recognitions.router,
            revocations.router,
            ocop.router,
            standards.router,
        ],
        violations={
            "uq_recognitions_decision": lambda: RecognitionExists(recognition=None),
            "uq_ocop_evaluations_product": lambda: ProductExists(product="", date=""),
            "uq_units_standing": lambda: VillageExists(village="", name="", valid_from=""),
        },
        resources=[
            sets,
            thresholds,
            ocop_rules,
            load_standard_conditions(sets, settings.standards_file),
        ],
        clock=clock,
    )
