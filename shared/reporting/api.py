"""The routes that every program has, under `/v1/{program}`."""

from fastapi import APIRouter

from shared.kit.change_feed import feed_router
from shared.reporting.catalogue_versions.api import router as catalogue_versions
from shared.reporting.engine import ReportingEngine
from shared.reporting.evidence.api import router as evidence
from shared.reporting.figures.api import router as figures
from shared.reporting.indicators.api import router as indicators
from shared.reporting.obligations.api import router as obligations
from shared.reporting.publications.api import router as publications
from shared.reporting.reports.api import receipts
from shared.reporting.reports.api import router as reports
from shared.reporting.reports.bulk import bulk_router
from shared.reporting.reviews.api import router as reviews
from shared.reporting.settings import ReportingSettings
from shared.reporting.targets.api import router as targets
from shared.roles import INSIDE


def reporting_router(engine: ReportingEngine, settings: ReportingSettings) -> APIRouter:
    """Return the routes of a program."""
    router = APIRouter(prefix=engine.path)
    bulk = bulk_router(max_line_bytes=settings.max_body_bytes)
    parts = (
        bulk,
        reports,
        reviews,
        receipts,
        evidence,
        figures,
        indicators,
        targets,
        obligations,
        publications,
        catalogue_versions,
    )
    for part in (*parts, feed_router(engine.path, INSIDE)):
        router.include_router(part)
    return router
