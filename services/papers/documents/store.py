"""The templates: those that come with the product, and those that offices uploaded."""

from sqlalchemy import select

from services.papers.documents.shipped_templates import load_shipped_templates
from services.papers.documents.templates import Template
from services.papers.models import TemplateRow
from shared.kit.database import Database


async def list_templates(database: Database, code: str) -> list[Template]:
    """Return all templates of a code; the uploaded ones after the shipped ones, the newest last."""
    query = (
        select(TemplateRow.code, TemplateRow.content)
        .where(TemplateRow.code == code)
        .order_by(TemplateRow.recorded_at, TemplateRow.id)
    )
    async with database.reading() as session:
        uploaded = [Template(row.code, row.content) for row in await session.execute(query)]
    return [*(template for template in load_shipped_templates() if template.code == code), *uploaded]


async def read_layout(database: Database, version: str) -> bytes:
    """Return the Word file of an uploaded template."""
    async with database.reading() as session:
        content = await session.scalar(select(TemplateRow.document).where(TemplateRow.sha256 == version))
    assert content is not None, "a version that was chosen is kept for ever"
    return content
