"""A lost pepper ends secrets and keys and nothing else; a pepper that is rotated ends nothing."""

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from gateway.app import create_app
from gateway.clients.recovery import ADMINISTRATOR, RecoveryRefusedError, recover_access
from gateway.clients.rules import Grant
from gateway.clients.secrets import Pepper
from gateway.settings import GatewaySettings
from gateway.tokens.keys import WrongPepperError
from tests.application import get_database
from tests.gateway.conftest import PEPPER, make_settings, open_gateway
from tests.gateway.test_tokens import FORM, register

OTHER_PEPPER = "another pepper, which is long enough as well"
ADMINISTRATOR_GRANT = Grant((ADMINISTRATOR,), (), ())


async def test_after_a_lost_pepper_an_administrator_is_let_in_and_gives_new_secrets(database, urls):
    lost = make_settings(database, urls)
    async with open_gateway(create_app(lost)) as gateway:
        district = await register(gateway.app, "district-610", "report")
        admin = await register(gateway.app, "admin", ADMINISTRATOR)
        assert (await gateway.post("/oauth/token", data=FORM, auth=district)).status_code == 200
        await register(gateway.app, "reader", "read")

    new = lost.model_copy(update={"client_secret_pepper": SecretStr(OTHER_PEPPER)})
    app = create_app(new)
    with pytest.raises(WrongPepperError, match="recover-secrets"):
        async with open_gateway(app):
            pass
    pepper, now = Pepper(OTHER_PEPPER), datetime.now(UTC)
    app = create_app(new)
    with pytest.raises(RecoveryRefusedError, match="no administrator"):
        async with get_database(app).writing() as session:
            await recover_access(
                session, pepper, client_id="reader", grant=ADMINISTRATOR_GRANT, actor="operator", now=now
            )
    async with get_database(app).writing() as session:
        recovered = await recover_access(
            session, pepper, client_id="admin", grant=ADMINISTRATOR_GRANT, actor="operator", now=now
        )
    assert (recovered.ended_keys, recovered.ended_secrets >= 3) == (2, True)
    async with open_gateway(app) as gateway:
        for old in (district, admin):
            assert (await gateway.post("/oauth/token", data=FORM, auth=old)).status_code == 401
        token = await gateway.post("/oauth/token", data=FORM, auth=("admin", recovered.client_secret))
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}", "Idempotency-Key": "rotate"}
        rotated = await gateway.post("/v1/clients/district-610/rotate", headers=bearer)
        again = (district[0], rotated.json()["client_secret"])
        assert (await gateway.post("/oauth/token", data=FORM, auth=again)).status_code == 200


async def test_what_the_pepper_before_made_stays_valid(database, urls):
    old = make_settings(database, urls)
    async with open_gateway(create_app(old)) as gateway:
        before = await register(gateway.app, "district-610", "report")
    rotated = {"client_secret_pepper": OTHER_PEPPER, "client_secret_pepper_before": PEPPER}
    async with open_gateway(create_app(make_settings(database, urls, **rotated))) as gateway:
        assert (await gateway.post("/oauth/token", data=FORM, auth=before)).status_code == 200


def test_secrets_come_from_files_and_a_variable_wins(monkeypatch, tmp_path):
    (tmp_path / "ntp_database_url").write_text("postgresql+asyncpg://file\n")
    (tmp_path / "ntp_client_secret_pepper").write_text(PEPPER)
    for name in ("NTP_DATABASE_URL", "NTP_CLIENT_SECRET_PEPPER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NTP_SECRETS_DIR", str(tmp_path))
    settings = GatewaySettings()
    assert settings.database_url.get_secret_value() == "postgresql+asyncpg://file"
    assert settings.peppers == (PEPPER,)
    monkeypatch.setenv("NTP_DATABASE_URL", "postgresql+asyncpg://variable")
    assert GatewaySettings().database_url.get_secret_value() == "postgresql+asyncpg://variable"
