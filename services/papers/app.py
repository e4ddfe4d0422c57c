"""The papers service and its parts."""

from fastapi import FastAPI

from services.papers import __doc__ as description
from services.papers.drafts import api as drafts
from services.papers.forms import api as forms
from services.papers.forms.guards import MAX_FILE_BYTES
from services.papers.gateway import Gateway
from services.papers.issues import api as issues
from services.papers.issues import document_routes as documents
from services.papers.jobs.runner import JobRunner
from services.papers.models import REVISION
from services.papers.published import api as published
from services.papers.settings import PapersSettings
from services.papers.templates import api as templates
from services.papers.templates.refusals import TemplateRecorded
from shared.kit.clock import Clock, system_clock
from shared.kit.service import ServiceDefinition, create_service


def create_app(settings: PapersSettings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Return the service, configured by the settings given or by the environment."""
    settings = settings or PapersSettings()
    gateway = Gateway(settings.gateway_url)
    jobs = JobRunner(
        at_once=settings.jobs_at_once, within_s=settings.job_within_s, megabytes=settings.job_memory_mb
    )
    return create_service(
        ServiceDefinition(
            name="papers",
            title="Biểu mẫu và văn bản / Forms and documents",
            description=description or "",
            settings=settings,
            revisions=[REVISION],
            routers=[
                forms.router,
                issues.router,
                issues.comparing_router,
                drafts.router,
                published.router,
                templates.router,
                templates.upload_router,
                documents.router,
                documents.issuing_router,
            ],
            violations={"uq_templates_code_sha256": TemplateRecorded},
            larger_bodies={"/v1/papers/": MAX_FILE_BYTES},
            lifespans=[gateway.connected],
            resources=[gateway, jobs],
            clock=clock,
        )
    )
