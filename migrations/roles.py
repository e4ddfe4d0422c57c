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

from shared.kit.session_settings import make_session_settings

SCRAM_ITERATIONS = 4096
"""PostgreSQL's default. The passwords are random, so more iterations would only slow every connection."""

VERSION_WITH_SET_OPTION = 16
"""The PostgreSQL version from which the creator of a role needs the SET option to act as it."""

VERSION_WITH_BUILTIN_LOCALE = 17

VERSION_WITH_UUIDV7 = 18

OLDEST_VERSION = 15
"""Older servers lack what the tables use (NULLS NOT DISTINCT)."""

CREATE_UUIDV7 = """
    CREATE OR REPLACE FUNCTION {owner}.uuidv7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
        SELECT encode(
            set_bit(set_bit(overlay(
                uuid_send(gen_random_uuid())
                PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6
            ), 52, 1), 53, 1), 'hex')::uuid
    $$
"""
"""A time-ordered UUID (RFC 9562, version 7) on servers that have no function of their own for it."""


class ServerRefusedError(RuntimeError):
    """The server cannot hold the product's data; the message is one sentence that says why."""


def require_server(version: str, major: int) -> None:
    """Raise `ServerRefusedError` for a server that is too old, or is no PostgreSQL, by what it says of itself."""
    if not version.startswith("PostgreSQL "):
        raise ServerRefusedError(
            f"the server is no PostgreSQL ({version[:40]}); use PostgreSQL {OLDEST_VERSION} or later"
        )
    if major < OLDEST_VERSION:
        raise ServerRefusedError(
            f"the server is PostgreSQL {major}; use PostgreSQL {OLDEST_VERSION} or later"
        )


CLOSE_DATABASES = """
    DO $$
    DECLARE
        role name;
        own name;
    BEGIN
        FOR own IN SELECT datname FROM pg_database WHERE datname IN ('postgres', 'template1') LOOP
            FOR role IN SELECT rolname FROM pg_roles
                        WHERE rolcanlogin AND NOT rolsuper AND rolname NOT IN ({owners})
                          AND has_database_privilege(rolname, own, 'CONNECT') LOOP
                EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', own, role);
            END LOOP;
            EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', own);
        END LOOP;
    END $$
"""

REVOKE_LARGE_OBJECTS = """
    DO $$
    DECLARE
        large_object regprocedure;
    BEGIN
        IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            FOR large_object IN SELECT oid FROM pg_proc
                WHERE pronamespace = 'pg_catalog'::regnamespace
                  AND proname IN ('lo_create', 'lo_creat', 'lo_from_bytea', 'lo_open', 'lo_put') LOOP
                EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', large_object);
            END LOOP;
        END IF;
    END $$
"""
"""Large objects have no quota and no table: a service that needs none makes none. Only a superuser may revoke them."""


async def create_roles(admin: asyncpg.Connection, passwords: Mapping[str, str], *, database: str) -> None:
    """Create the missing roles and the database, and set the passwords and session settings of the service roles."""
    version = admin.get_server_version().major
    superuser, may_create = await admin.fetchrow(
        "SELECT rolsuper, rolsuper OR (rolcreaterole AND rolcreatedb) FROM pg_roles WHERE rolname = current_user"
    )
    if not may_create:
        raise ServerRefusedError(
            "the administrator of NTP_ADMIN_DATABASE_URL may not create roles and databases: ALTER ROLE … CREATEROLE CREATEDB"
        )
    roles = {row[0] for row in await admin.fetch("SELECT rolname FROM pg_roles")}
    statements = []
    for owner, password in passwords.items():
        if f"{owner}_owner" not in roles:
            statements.append(f"CREATE ROLE {owner}_owner NOLOGIN")
        if owner not in roles:
            statements.append(f"CREATE ROLE {owner} LOGIN")
        statements.append(f"ALTER ROLE {owner} LOGIN PASSWORD '{make_scram_verifier(password)}'")
        statements += [
            f"ALTER ROLE {owner} SET {name} = '{value}'" for name, value in make_session_settings().items()
        ]
        if not superuser:
            options = " WITH INHERIT TRUE, SET TRUE" if version >= VERSION_WITH_SET_OPTION else ""
            statements.append(f"GRANT {owner}_owner TO CURRENT_USER{options}")
    await admin.execute(";".join(statements))
    if superuser:
        await close_other_databases(admin, passwords)
    if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
        locale = (
            "LOCALE 'C.UTF-8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
            if version >= VERSION_WITH_BUILTIN_LOCALE
            else "LOCALE_PROVIDER libc LC_COLLATE 'C'"  # the same order; letters by the server's own locale
        )
        await admin.execute(f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' {locale}")


async def close_other_databases(admin: asyncpg.Connection, owners: Collection[str]) -> None:
    """Let no service role connect to the server's own databases; every other role that may log in keeps what it had."""
    await admin.execute(CLOSE_DATABASES.format(owners=", ".join(f"'{owner}'" for owner in owners)))


async def create_schemas(connection: asyncpg.Connection, owners: Collection[str]) -> None:
    """Create the missing schemas of the connected database; only the owner's service role may use each."""
    database = await connection.fetchval("SELECT current_database()")
    statements = [
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        REVOKE_LARGE_OBJECTS,
    ]
    for owner in owners:
        statements += [
            f"GRANT CONNECT ON DATABASE {database} TO {owner}",
            f"CREATE SCHEMA IF NOT EXISTS {owner} AUTHORIZATION {owner}_owner",
            f"GRANT USAGE ON SCHEMA {owner} TO {owner}",
            f"ALTER ROLE {owner} IN DATABASE {database} SET search_path = {owner}",
        ]
        if connection.get_server_version().major < VERSION_WITH_UUIDV7:
            statements += [f"SET ROLE {owner}_owner", CREATE_UUIDV7.format(owner=owner), "RESET ROLE"]
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
