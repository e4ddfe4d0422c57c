"""The routes that every program has, under `/v1/{program}`."""

from fastapi import APIRouter

from shared.kit.change_feed import feed_router
from shared.reporting.catalogue_versions.api import router as catalogue_versions
from shared.reporting.engine import ReportingEngine
from shared.reporting.evidence.api import router as evidence
from shared.reporting.figures.api import router as figures
from shared.reporting.indicators.api import router as indicators
from shared.reporting.obligations.api import router as obligations
from shared.reporting.own_changes import find_own_changes
from shared.reporting.publications.api import router as publications
from shared.reporting.receipts.api import router as receipts
from shared.reporting.reports.api import contradictions
from shared.reporting.reports.api import router as reports
from shared.reporting.reports.bulk import bulk_router
from shared.reporting.reviews.api import router as reviews
from shared.reporting.settings import ReportingSettings
from shared.reporting.targets.api import router as targets
from shared.roles import INSIDE, READ


def reporting_router(
    engine: ReportingEngine, settings: ReportingSettings, *, takes_reports: bool = True
) -> APIRouter:
    """Return the routes of a program; one without forms takes no reports."""
    router = APIRouter(prefix=engine.path)
    bulk = bulk_router(max_line_bytes=settings.max_body_bytes)
    of_reports = (bulk, reports, reviews, contradictions, receipts, obligations) if takes_reports else ()
    parts = (evidence, figures, indicators, targets, publications, catalogue_versions)
    feed = (
        feed_router(engine.path, READ, find_own_changes)
        if takes_reports
        else feed_router(engine.path, INSIDE)
    )
    for part in (*of_reports, *parts, feed):
        router.include_router(part)
    return router
