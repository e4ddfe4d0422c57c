"""The roles of the owners, the database, and who may enter which room.

For each owner a role that owns the schema and cannot log in, and one that runs the service and owns nothing. Works
as superuser, and as an administrator who may only create roles and databases. All of it may run any number of times.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Collection, Mapping

import asyncpg

SCRAM_ITERATIONS = 4096
"""PostgreSQL's own default; the passwords are random, so more rounds would only slow every connection."""

SINCE_SET_OPTION = 16
"""PostgreSQL version from which being a role's creator does not mean that one may act as it."""

SINCE_BUILTIN_LOCALE = 17


async def make_roles(admin: asyncpg.Connection, passwords: Mapping[str, str], *, database: str) -> None:
    """Roles with their passwords, and the database."""
    version = admin.get_server_version().major
    superuser = await admin.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    roles = {row[0] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
    statements = []
    for owner, password in passwords.items():
        if f"{owner}_owner" not in roles:
            statements.append(f"CREATE ROLE {owner}_owner NOLOGIN")
        if owner not in roles:
            statements.append(f"CREATE ROLE {owner} LOGIN")
        statements.append(f"ALTER ROLE {owner} LOGIN PASSWORD '{verifier(password)}'")
        if not superuser:
            options = " WITH INHERIT TRUE, SET TRUE" if version >= SINCE_SET_OPTION else ""
            statements.append(f"GRANT {owner}_owner TO CURRENT_USER{options}")
    await admin.execute(";".join(statements))
    if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
        locale = (
            "LOCALE 'C.UTF-8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
            if version >= SINCE_BUILTIN_LOCALE
            else ""
        )
        await admin.execute(f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' {locale}")


async def lay_rooms(connection: asyncpg.Connection, owners: Collection[str]) -> None:
    """In the database connected to: a schema for each owner, closed to the others and to strangers."""
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


def verifier(password: str) -> str:
    """What PostgreSQL stores for a SCRAM-SHA-256 password (RFC 5803), so that the password itself is never sent."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt_, stored_, server_ = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{salt_}${stored_}:{server_}"
