"""The rural service and its parts."""

from pathlib import Path

from fastapi import FastAPI

from services.rural import __doc__ as description
from services.rural.assessments import api as assessments
from services.rural.assessments.rules import RULES
from services.rural.communes import api as communes
from services.rural.criteria import api as criteria
from services.rural.criteria.program_tables import check_verdicts, make_program_tables
from services.rural.criteria.thresholds import ThresholdsInUse
from services.rural.dated_facts import (
    load_criteria_set_rows,
    load_criteria_sets,
    load_ocop_rules,
    load_standards,
    load_thresholds,
)
from services.rural.models import REVISION
from services.rural.ocop import api as ocop
from services.rural.ocop import figures as ocop_figures
from services.rural.ocop.rules import ProductExists
from services.rural.recognitions import api as recognitions
from services.rural.recognitions import figures as recognition_figures
from services.rural.recognitions.rules import RecognitionExists
from services.rural.registrations import api as registrations
from services.rural.registrations.rules import RegistrationExists
from services.rural.registrations.store import find_sets_in_use
from services.rural.revocations import api as revocations
from services.rural.settings import RuralSettings
from services.rural.standards import api as standards
from services.rural.thresholds import api as threshold_routes
from services.rural.thresholds.current import ThresholdsFollower
from services.rural.villages import api as villages
from services.rural.villages.rules import VillageExists
from shared.kit.clock import Clock, system_clock
from shared.reporting.catalogue.catalogue_file import CatalogueLoader
from shared.reporting.engine import Register
from shared.reporting.service import create_program


def create_app(settings: RuralSettings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Return the service, configured by the settings given or by the environment."""
    settings = settings or RuralSettings()
    sets = load_criteria_sets(settings.criteria_sets_file)
    shipped = load_thresholds(sets, settings.thresholds_file)
    thresholds = ThresholdsInUse(shipped)
    thresholds_follower = ThresholdsFollower(shipped, thresholds, settings.catalogue_poll_seconds)
    ocop_rules = load_ocop_rules(settings.ocop_rules_file)
    area_standards = load_standards(sets, settings.standards_file)
    catalogue = CatalogueLoader(
        Path(__file__).with_name("catalogue.toml"),
        rules=RULES,
        program_tables=make_program_tables(
            load_criteria_set_rows(settings.criteria_sets_file), thresholds, find_sets_in_use
        ),
        validate=check_verdicts,
    )
    count_products, count_products_in_scopes = ocop_figures.make_product_counters(ocop_rules)
    return create_program(
        catalogue=catalogue,
        title="Xây dựng nông thôn mới / New rural development",
        description=description or "",
        settings=settings,
        revisions=[REVISION],
        registers={
            "recognitions": Register(
                recognition_figures.count_recognitions,
                recognition_figures.EVENT_TYPES,
                recognition_figures.may_change,
                recognition_figures.count_recognitions_in_scopes,
                counts_villages=True,
            ),
            "ocop": Register(count_products, ocop_figures.EVENT_TYPES, count_scopes=count_products_in_scopes),
        },
        routers=[
            criteria.router,
            threshold_routes.router,
            communes.router,
            assessments.router,
            villages.router,
            recognitions.router,
            revocations.router,
            registrations.router,
            ocop.router,
            standards.router,
        ],
        violations={
            "uq_recognitions_decision": lambda: RecognitionExists(recognition=None),
            "uq_registrations_year": lambda: RegistrationExists(registration=None),
            "uq_ocop_evaluations_product": lambda: ProductExists(product="", date=""),
            "uq_units_standing": lambda: VillageExists(village="", name="", valid_from=""),
        },
        resources=[thresholds, thresholds_follower, ocop_rules, area_standards],
        start_steps=[thresholds_follower.follow],
        background_tasks=[thresholds_follower.run],
        clock=clock,
    )
