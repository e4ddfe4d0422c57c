"""The templates: those that come with the product, and those that offices uploaded."""

from sqlalchemy import select

from services.papers.documents.shipped_templates import load_shipped_templates
from services.papers.documents.templates import Template
from services.papers.models import TemplateRow
from shared.kit.database import Database


async def list_templates(database: Database) -> list[Template]:
    """Return all templates; the uploaded ones of a code after the shipped ones, the newest last."""
    async with database.reading() as session:
        rows = await session.scalars(select(TemplateRow).order_by(TemplateRow.recorded_at, TemplateRow.id))
        uploaded = [Template(row.code, row.content) for row in rows]
    return [*load_shipped_templates(), *uploaded]
