"""From a scenario's question to a table out of the restored database: shared by sql and canary.

In: the question (engine, where, login, query). Out: a Reading: the table, or what the database
said instead. Passwords come from the scenario or from the sandbox's own restored Secret, and are
taken out of every text before it leaves this room.
"""

import base64
import binascii
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from drills import objects
from drills.errors import CannotAsk, Missing
from drills.expectations import Mismatch
from drills.findings import Cause
from drills.ports import Cluster, Kind, Tunnel
from drills.probes.contract import ProbeContext
from drills.probes.databases import Login, Meaning, Refusal, Table
from drills.probes.mysql import PORT as MYSQL_PORT
from drills.probes.mysql import ask_mysql
from drills.probes.postgresql import PORT as POSTGRESQL_PORT
from drills.probes.postgresql import ask_postgresql
from drills.probes.veiling import hide
from drills.probes.workloads import labelled_pod


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One kind of database: its usual port, and how it is asked within so many seconds."""

    port: int
    ask: Callable[[socket.socket, Login, str, float, datetime], Table]


ENGINES: Mapping[str, Engine] = {
    "postgresql": Engine(port=POSTGRESQL_PORT, ask=ask_postgresql),
    "mysql": Engine(port=MYSQL_PORT, ask=ask_mysql),
}
SECRET = Kind("v1", "Secret")
LAST_SECOND = 1.0
"""How much earlier than the probe's time-out the server is told to stop, so that it can say so."""
_HINTS: Mapping[Meaning, str] = {
    Meaning.LOGIN: "correct user and password, or take the password from the restored Secret",
    Meaning.QUESTION: "correct the statement, the user's rights, or tls",
    Meaning.WRITES: "ask with a SELECT: a probe only reads",
    Meaning.SLOW: "raise the probe's timeout, or ask for less",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came back: a table or a mismatch. `secret` must not be shown."""

    table: Table | None = None
    wrong: Mismatch | None = None
    simulated: bool = False
    secret: str = field(default="", repr=False)


def read(
    question: Mapping[str, object], namespace: str, context: ProbeContext, timeout: float
) -> Reading:
    """Put the question's query; raises CannotAsk, Forbidden, Unreachable."""
    engine = ENGINES.get(objects.text(question, "engine"))
    if engine is None:
        raise CannotAsk(f"an engine is one of {', '.join(ENGINES)}", cause=Cause.CONFIGURATION)
    password = _password(context.cluster, namespace, question)
    target = _target(context.cluster, namespace, question)
    for wrong in (password, target):
        if isinstance(wrong, Mismatch):
            return Reading(wrong=wrong)
    login = Login(
        user=objects.text(question, "user"),
        database=objects.text(question, "database"),
        password=str(password),
        tls=_tls(question),
    )
    port = str(question.get("port", engine.port))
    query = objects.text(question, "query")
    seconds = timeout - LAST_SECOND if timeout > 2 * LAST_SECOND else timeout * 0.8
    try:
        with context.cluster.stream(namespace, str(target), port, timeout=timeout) as tunnel:
            try:
                table = engine.ask(tunnel.socket, login, query, seconds, context.restore_started_at)
            except Refusal as refusal:
                wrong = _refused(refusal, tunnel, login.password, question)
                return Reading(wrong=wrong, simulated=tunnel.simulated, secret=login.password)
            return Reading(table=table, simulated=tunnel.simulated, secret=login.password)
    except Missing as error:
        return Reading(wrong=Mismatch("an answer", str(error)), secret=login.password)


def _refused(
    refusal: Refusal, tunnel: Tunnel, password: str, question: Mapping[str, object]
) -> Mismatch:
    """Return what a refusal says of the restored database; raises where it says nothing."""
    words, meaning = hide(str(refusal), (password,)), refusal.meaning
    if meaning is Meaning.BROKEN and tunnel.trouble is not None:
        if tunnel.simulated and isinstance(tunnel.trouble, Missing):
            raise CannotAsk(f"nobody stands in for this database: {tunnel.trouble}")
        raise tunnel.trouble
    if meaning is Meaning.LOGIN and "passwordFrom" in question:
        return Mismatch("a login with the restored password", words)
    if meaning in _HINTS:
        cause = Cause.PROBE if meaning is Meaning.SLOW else Cause.CONFIGURATION
        raise CannotAsk(f"{meaning.value}: {words}", hint=_HINTS[meaning], cause=cause)
    return Mismatch("an answer of the database", words)


def _target(cluster: Cluster, namespace: str, question: Mapping[str, object]) -> str | Mismatch:
    for word in ("service", "pod"):
        if name := objects.text(question, word):
            return f"{word}/{name}"
    found = labelled_pod(cluster, namespace, question)
    return found if isinstance(found, Mismatch) else f"pod/{found}"


def _password(cluster: Cluster, namespace: str, question: Mapping[str, object]) -> str | Mismatch:
    """Return the password, '' where none is said, or what is wrong with the restored Secret."""
    source = objects.mapping(question, "passwordFrom")
    if not source:
        return objects.text(question, "password")
    name, key = objects.text(source, "secret"), objects.text(source, "key")
    secret = cluster.get(SECRET, namespace, name)
    if secret is None:
        return Mismatch(f"Secret {name}", "no such Secret")
    encoded = objects.text(secret, "data", key)
    if not encoded:
        return Mismatch(f"key {key} in Secret {name}", "no such key")
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return Mismatch(f"text under {key} in Secret {name}", "something that is no text")


def _tls(question: Mapping[str, object]) -> bool | None:
    said = question.get("tls")
    return said if isinstance(said, bool) else None
