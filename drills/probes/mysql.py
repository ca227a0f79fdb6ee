"""MySQL and MariaDB: one read-only statement through the usual driver.

In: a socket that leads to the server, a login, the statement. Out: a Table; raises Refusal. The
transaction is read-only, ends with the server's own time-out, and is never committed.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
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
    import pymysql.connections
    from pymysql.cursors import Cursor

PORT = 3306
_MYSQL: Mapping[int, Meaning] = {
    1045: Meaning.LOGIN,
    1698: Meaning.LOGIN,
    1064: Meaning.QUESTION,
    1142: Meaning.QUESTION,
    1143: Meaning.QUESTION,
    1227: Meaning.QUESTION,
    1370: Meaning.QUESTION,
    1251: Meaning.QUESTION,
    3159: Meaning.QUESTION,
    2026: Meaning.QUESTION,
    2059: Meaning.QUESTION,
    1792: Meaning.WRITES,
    1290: Meaning.WRITES,
    1317: Meaning.SLOW,
    1969: Meaning.SLOW,
    3024: Meaning.SLOW,
    1040: Meaning.BUSY,
    1203: Meaning.BUSY,
    1226: Meaning.BUSY,
    0: Meaning.BROKEN,
    2003: Meaning.BROKEN,
    2006: Meaning.BROKEN,
    2013: Meaning.BROKEN,
}
RESTORE_STARTED = "@drill_restore_started_at"
"""The variable by which a statement can tell what was restored from what was written since; UTC."""
_UNKNOWN_VARIABLE = 1193
_CLIENT_CODES = range(2000, 3000)
"""Errors of the client side; all others are the server's."""
_BIT, _JSON = 16, 245
_TIMESTAMP = 7
"""MySQL's column type that holds instants; sent in the session's zone, which is set to UTC."""


def ask_mysql(
    sock: socket.socket, login: Login, statement: str, seconds: float, restored_at: datetime
) -> Table:
    """Ask once; raises Refusal. MariaDB too."""
    with refusing(_of_mysql, login=True):
        connection = _connected(sock, login)
    with refusing(_of_mysql, login=False):
        try:
            cursor = connection.cursor()
            _set_up(cursor, str(connection.server_version), seconds)
            instant = restored_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            cursor.execute(f"SET {RESTORE_STARTED} = CAST('{instant}' AS DATETIME(6))")
            # Without the flag for several statements the server takes one only.
            cursor.execute(statement)
            described = cursor.description or ()
            kinds = [int(column[1]) for column in described]
            rows = tuple(_row(row, kinds) for row in cursor.fetchall())
            return Table(columns=tuple(str(column[0]) for column in described), rows=rows)
        finally:
            with suppress(Exception):
                connection.close()


def _connected(sock: socket.socket, login: Login) -> "pymysql.connections.Connection[Cursor]":
    import pymysql  # noqa: PLC0415 - only where a scenario asks SQL

    connection = pymysql.connections.Connection(
        user=login.user,
        password=login.password.encode(),
        database=login.database or None,
        ssl=unverified() if login.tls else None,
        ssl_disabled=login.tls is False,
        program_name=NAME,
        defer_connect=True,
    )
    try:
        connection.connect(sock)
    except BaseException:
        with suppress(Exception):
            connection.close()
        raise
    return connection


def _set_up(cursor: "Cursor", version: str, seconds: float) -> None:
    import pymysql  # noqa: PLC0415 - as above

    cursor.execute("SET time_zone = '+00:00'")
    if "mariadb" in version.lower():
        limit = f"max_statement_time = {seconds:.3f}"
    else:
        limit = f"max_execution_time = {int(seconds * 1000)}"
    try:
        cursor.execute(f"SET SESSION {limit}")
    except pymysql.MySQLError as error:
        # MySQL before 5.7.8 knows no time-out: the tunnel's own ends the question there.
        if error.args[:1] != (_UNKNOWN_VARIABLE,):
            raise
    cursor.execute("SET SESSION TRANSACTION READ ONLY")
    cursor.execute("START TRANSACTION READ ONLY")


def _row(row: tuple[object, ...], kinds: list[int]) -> tuple[object, ...]:
    return tuple(_cell(cell, kind) for cell, kind in zip(row, kinds, strict=True))


def _cell(cell: object, kind: int) -> object:
    if kind == _BIT and isinstance(cell, bytes):
        return int.from_bytes(cell)
    if kind == _JSON and isinstance(cell, str):
        return Json(cell)
    found = plain(cell)
    return (
        found.replace(tzinfo=UTC) if kind == _TIMESTAMP and isinstance(found, datetime) else found
    )


def _of_mysql(error: BaseException) -> Refusal | None:
    import pymysql  # noqa: PLC0415 - as above

    if not isinstance(error, pymysql.MySQLError) or len(error.args) < 2:  # noqa: PLR2004 - code, words
        return None
    code, message = error.args[0], str(error.args[1])[:300]
    if not isinstance(code, int):
        return None
    own = Meaning.DRIVER if code in _CLIENT_CODES else Meaning.ANSWER
    meaning = _MYSQL.get(code, own)
    return Refusal(meaning, f"{message} (error {code})")
