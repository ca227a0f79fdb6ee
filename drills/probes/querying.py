"""From a scenario's question to a table out of the restored database: shared by sql and canary.

In: the question (engine, where, login, query). Out: a Reading: the table, or what the database
said instead. Passwords are taken out of every text before it leaves this room.

| what was heard                                  | is                                       |
|-------------------------------------------------|------------------------------------------|
| a table                                         | the answer                               |
| the server's refusal: no such table or database | a wrong answer                           |
| a refusal of the login with a restored password | a wrong answer; not where it ends in a   |
|                                                 | newline: nobody knows who leaves it off  |
| a refusal of the statement, of writing, of time | not asked: the scenario's to mend        |
| a connection that ends                          | a wrong answer                           |
| another protocol, what no driver understands    | not asked                                |
| nothing, where the server should speak first    | not asked                                |
| trouble of the driver itself, whatever it is    | not asked, in the words of the trouble   |
"""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from drills import objects
from drills.errors import CannotAsk, Missing
from drills.expectations import Mismatch
from drills.findings import Cause
from drills.ports import Tunnel
from drills.probes.contract import ProbeContext
from drills.probes.credentials import Credentials, credentials
from drills.probes.databases import Login, Meaning, Refusal, Table
from drills.probes.first_words import MYSQL, POSTGRESQL, FirstWords, protocol_of
from drills.probes.mysql import PORT as MYSQL_PORT
from drills.probes.mysql import ask_mysql
from drills.probes.postgresql import PORT as POSTGRESQL_PORT
from drills.probes.postgresql import ask_postgresql
from drills.probes.veiling import hide
from drills.probes.workloads import asked_target


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One kind of database: its usual port, and how it is asked within so many seconds."""

    port: int
    protocol: str
    """As `first_words` names it."""
    greets: bool
    """Whether the server speaks first."""
    ask: Callable[[socket.socket, Login, str, float, datetime], Table]


ENGINES: Mapping[str, Engine] = {
    "postgresql": Engine(
        port=POSTGRESQL_PORT, protocol=POSTGRESQL, greets=False, ask=ask_postgresql
    ),
    "mysql": Engine(port=MYSQL_PORT, protocol=MYSQL, greets=True, ask=ask_mysql),
}
LAST_SECOND = 1.0
"""How much earlier than the probe's time-out the server is told to stop, so that it can say so."""
_HINTS: Mapping[Meaning, tuple[str, Cause]] = {
    Meaning.LOGIN: (
        "correct user and password, or take the password from the restored Secret",
        Cause.CONFIGURATION,
    ),
    Meaning.QUESTION: ("correct the statement, the user's rights, or tls", Cause.CONFIGURATION),
    Meaning.WRITES: ("ask with a SELECT: a probe only reads", Cause.CONFIGURATION),
    Meaning.SLOW: ("raise the probe's timeout, or ask for less", Cause.PROBE),
    Meaning.BUSY: ("ask fewer probes at once, with `needs`, or as another user", Cause.PROBE),
    Meaning.DRIVER: ("ask another way: exec with the database's own client, say", Cause.PROBE),
}
_PLACE_HINT = "correct engine, port, or whom the probe asks"
_NEWLINE_HINT = (
    "write the Secret anew without it (printf, not echo), or say trim: true where the "
    "application leaves it off"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came back: a table or a mismatch. `secret` must not be shown."""

    table: Table | None = None
    wrong: Mismatch | None = None
    simulated: bool = False
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """One connection after it went wrong."""

    engine: Engine
    tunnel: Tunnel
    heard: bytes = field(repr=False)
    as_whom: Credentials = field(repr=False)


def read(
    question: Mapping[str, object], namespace: str, context: ProbeContext, timeout: float
) -> Reading:
    """Put the question's query; raises CannotAsk, Forbidden, Unreachable."""
    engine = ENGINES.get(objects.text(question, "engine"))
    if engine is None:
        raise CannotAsk(f"an engine is one of {', '.join(ENGINES)}", cause=Cause.CONFIGURATION)
    as_whom = credentials(context.cluster, namespace, question)
    if isinstance(as_whom, Mismatch):
        return Reading(wrong=as_whom)
    secret = as_whom.login.password
    target = asked_target(context.cluster, namespace, question)
    context.veil.learn((secret,) if secret else ())
    if isinstance(target, Mismatch):
        return Reading(wrong=target, secret=secret)
    port, query = str(question.get("port", engine.port)), objects.text(question, "query")
    seconds = timeout - LAST_SECOND if timeout > 2 * LAST_SECOND else timeout * 0.8
    try:
        with (
            context.cluster.stream(namespace, target, port, timeout=timeout) as tunnel,
            FirstWords(tunnel.socket) as sock,
        ):
            try:
                login, since = as_whom.login, context.restore_started_at
                table = engine.ask(sock, login, query, seconds, since)
            except Refusal as refusal:
                heard = bytes(sock.heard)
                talk = _Talk(engine=engine, tunnel=tunnel, heard=heard, as_whom=as_whom)
                wrong = _refused(refusal, talk)
                return Reading(wrong=wrong, simulated=tunnel.simulated, secret=secret)
            return Reading(table=table, simulated=tunnel.simulated, secret=secret)
    except Missing as error:
        return Reading(wrong=Mismatch("an answer", str(error)), secret=secret)


def _refused(refusal: Refusal, talk: _Talk) -> Mismatch:
    """Return what a refusal says of the restored database; raises where it says nothing."""
    words = hide(str(refusal), (talk.as_whom.login.password,))
    _check_protocol(refusal, words, talk)
    _check_password(refusal, words, talk.as_whom)
    if refusal.meaning is Meaning.LOGIN and talk.as_whom.restored:
        return Mismatch("a login with the restored password", words)
    if refusal.meaning in _HINTS:
        hint, cause = _HINTS[refusal.meaning]
        raise CannotAsk(f"{refusal.meaning.value}: {words}", hint=hint, cause=cause)
    return Mismatch("an answer of the database", words)


def _check_protocol(refusal: Refusal, words: str, talk: _Talk) -> None:
    """Raise what ended the tunnel, and CannotAsk where it is not the database that answers."""
    if refusal.login and talk.heard:
        _check_first_words(words, talk)
    trouble, meaning = talk.tunnel.trouble, refusal.meaning
    if trouble is None or meaning not in {Meaning.BROKEN, Meaning.DRIVER}:
        return
    if meaning is Meaning.DRIVER and talk.heard:
        return
    if talk.tunnel.simulated and isinstance(trouble, Missing):
        raise CannotAsk(f"nobody stands in for this database: {trouble}")
    if talk.engine.greets and not talk.heard and "no answer" in str(trouble):
        silent = f"nothing was said ({trouble}), and {talk.engine.protocol} greets first"
        raise CannotAsk(silent, hint=_PLACE_HINT)
    raise trouble


def _check_first_words(words: str, talk: _Talk) -> None:
    spoken = protocol_of(talk.heard)
    if spoken == talk.engine.protocol:
        return
    other = f"it speaks {spoken}" if spoken else f"it began with {talk.heard[:8]!r}"
    raise CannotAsk(
        f"what answers there is no {talk.engine.protocol}: {other} ({words})", hint=_PLACE_HINT
    )


def _check_password(refusal: Refusal, words: str, as_whom: Credentials) -> None:
    """Raise CannotAsk where an odd password, rather than the backup, may explain the refusal."""
    at_login = refusal.login and refusal.meaning in {Meaning.LOGIN, Meaning.DRIVER}
    if at_login and as_whom.oddity:
        newline = as_whom.oddity.endswith("newline")
        hint = _NEWLINE_HINT if newline else _HINTS[Meaning.DRIVER][0]
        raise CannotAsk(f"{as_whom.oddity}, and {refusal.meaning.value}: {words}", hint=hint)
