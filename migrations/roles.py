"""The roles of the owners, the database, and the schemas with their privileges. See ADR 0005.

Each owner has a role that owns the schema and cannot log in, and a role that runs the service and owns nothing. An
administrator who may only create roles and databases suffices; a superuser is not needed. Every function may run any
number of times.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Collection, Mapping

import asyncpg

SCRAM_ITERATIONS = 4096
"""PostgreSQL's default. The passwords are random, so more iterations would only slow every connection."""

VERSION_WITH_SET_OPTION = 16
"""The PostgreSQL version from which the creator of a role needs the SET option to act as it."""

VERSION_WITH_BUILTIN_LOCALE = 17


async def create_roles(admin: asyncpg.Connection, passwords: Mapping[str, str], *, database: str) -> None:
    """Create the missing roles and the database, and set the passwords of the service roles."""
    version = admin.get_server_version().major
    superuser = await admin.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    roles = {row[0] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
    statements = []
    for owner, password in passwords.items():
        if f"{owner}_owner" not in roles:
            statements.append(f"CREATE ROLE {owner}_owner NOLOGIN")
        if owner not in roles:
            statements.append(f"CREATE ROLE {owner} LOGIN")
        statements.append(f"ALTER ROLE {owner} LOGIN PASSWORD '{make_scram_verifier(password)}'")
        if not superuser:
            options = " WITH INHERIT TRUE, SET TRUE" if version >= VERSION_WITH_SET_OPTION else ""
            statements.append(f"GRANT {owner}_owner TO CURRENT_USER{options}")
    await admin.execute(";".join(statements))
    if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
        locale = (
            "LOCALE 'C.UTF-8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
            if version >= VERSION_WITH_BUILTIN_LOCALE
            else ""
        )
        await admin.execute(f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' {locale}")


async def create_schemas(connection: asyncpg.Connection, owners: Collection[str]) -> None:
    """Create the missing schemas of the connected database; only the owner's service role may use each."""
    database = await connection.fetchval("SELECT current_database()")
    statements = [
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    ]
    for owner in owners:
        statements += [
            f"GRANT CONNECT ON DATABASE {database} TO {owner}",
            f"CREATE SCHEMA IF NOT EXISTS {owner} AUTHORIZATION {owner}_owner",
            f"GRANT USAGE ON SCHEMA {owner} TO {owner}",
            f"ALTER ROLE {owner} IN DATABASE {database} SET search_path = {owner}",
        ]
    await connection.execute("SET client_min_messages = error;" + ";".join(statements))


def make_scram_verifier(password: str) -> str:
    """Return the SCRAM-SHA-256 verifier (RFC 5803) that PostgreSQL stores, so that the password itself is never sent."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt_, stored_, server_ = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{salt_}${stored_}:{server_}"
