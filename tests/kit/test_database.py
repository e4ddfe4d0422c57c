"""Lists of codes, passed as one text."""

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.engine.default import DefaultDialect

from shared.kit.database import Codes, Database

TAKEN_APART = text("SELECT CAST(:codes AS text[])").bindparams(bindparam("codes", type_=Codes))


@pytest.mark.parametrize("codes", [[], ["610"], ["610", "23500.01", "Đắk Hà", "two words"], None])
async def test_codes_arrive_as_they_were_sent(common_database, codes):
    database = Database(common_database.url("rural"))
    async with database.reading() as session:
        assert await session.scalar(TAKEN_APART, {"codes": codes}) == codes
    await database.close()


@pytest.mark.parametrize("codes", [["610,611"], ["610", "a,"], [","]])
def test_a_code_with_a_comma_is_refused(codes):
    with pytest.raises(ValueError, match="comma"):
        Codes().process_bind_param(codes, DefaultDialect())
