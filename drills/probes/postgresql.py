"""PostgreSQL: one read-only statement through its usual driver.

In: a socket that leads to the server, a login, the statement. Out: a Table; raises Refusal. The
transaction is read-only, ends with the server's own time-out, and is never committed.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from drills.probes.databases import (
    NAME,
    Json,
    Login,
    Meaning,
    Refusal,
    Table,
    plain,
    refusing,
    unverified,
)

if TYPE_CHECKING:
    from pg8000.core import CoreConnection

PORT = 5432
RESTORE_STARTED = "drill.restore_started_at"
"""The setting by which a statement can tell what was restored from what was written since."""
_POSTGRESQL: Mapping[str, Meaning] = {
    "28": Meaning.LOGIN,
    "42601": Meaning.QUESTION,
    "42501": Meaning.QUESTION,
    "0A000": Meaning.QUESTION,
    "25006": Meaning.WRITES,
    "57014": Meaning.SLOW,
    "53300": Meaning.BUSY,
}
"""SQLSTATE, or its class, to meaning; all others are answers: a table or a database not there."""


_DRIVER: Mapping[str, Meaning] = {
    "network error": Meaning.BROKEN,
    "communication error": Meaning.BROKEN,
    "connection is closed": Meaning.BROKEN,
    "Server refuses SSL": Meaning.QUESTION,
}
"""Words of the driver itself (pg8000 1.31, `core.py`)."""
JSON_TYPES = (114, 3802)
"""Oids of json and jsonb: kept as PostgreSQL prints them."""


def ask_postgresql(
    sock: socket.socket, login: Login, statement: str, seconds: float, restored_at: datetime
) -> Table:
    """Ask once; raises Refusal."""
    with refusing(_of_postgresql, login=True):
        connection = _connected(sock, login)
    with refusing(_of_postgresql, login=False):
        try:
            connection.execute_simple("BEGIN READ ONLY")
            connection.execute_simple(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
            instant = restored_at.isoformat()
            connection.execute_simple(f"SET LOCAL {RESTORE_STARTED} = '{instant}'")
            # The extended protocol takes one statement only, so none can end the transaction first.
            found = connection.execute_unnamed(statement)
        finally:
            # The server's own words count, not that saying goodbye to it failed.
            with suppress(Exception):
                connection.close()
        columns = tuple(str(column["name"]) for column in found.columns or ())
        rows = tuple(tuple(plain(cell) for cell in row) for row in found.rows or ())
        return Table(columns=columns, rows=rows)


def _connected(sock: socket.socket, login: Login) -> "CoreConnection":
    from pg8000.core import CoreConnection  # noqa: PLC0415 - only where a scenario asks SQL

    connection = CoreConnection(
        login.user,
        database=login.database or None,
        password=login.password or None,
        ssl_context=unverified() if login.tls else login.tls,
        application_name=NAME,
        sock=sock,
    )
    for oid in JSON_TYPES:
        connection.register_in_adapter(oid, Json)
    return connection


def _of_postgresql(error: BaseException) -> Refusal | None:
    from pg8000.exceptions import DatabaseError, InterfaceError  # noqa: PLC0415 - as above

    told = error.args[0] if error.args else None
    if isinstance(error, InterfaceError) and str(told) in _DRIVER:
        return Refusal(_DRIVER[str(told)], str(told))
    if not isinstance(error, DatabaseError) or not isinstance(told, dict):
        return None
    state, message = str(told.get("C", "")), str(told.get("M", ""))[:300]
    meaning = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2]) or Meaning.ANSWER
    if "pg_hba.conf" in message:
        meaning = Meaning.QUESTION
    return Refusal(meaning, f"{message} (SQLSTATE {state})")
