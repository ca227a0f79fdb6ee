"""What is asked over the network: parts of a question that fit each other.

Known before anything is restored: what a way cannot carry, what means nothing, what is said twice.
"""

from collections.abc import Iterator

from scenarios.document import Document
from scenarios.problems import Complaint, Path
from scenarios.proofs import kind_of

_KINDS = frozenset({"http", "tcp", "prometheus"})
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_BODY = 64 * 1024 * 1024
_UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50}


def check_network(document: Document) -> Iterator[Complaint]:
    """Yield what is wrong with the questions that go over the network."""
    for path, probe in document.probes():
        kind = kind_of(probe)
        if kind in _KINDS:
            where, question = (*path, kind), Document(probe.table(kind))
            yield from _check_tls(where, question, kind)
            yield from _check_way(where, question)
            yield from _check_twice(where, question)
            yield from _check_body(where, question)


def _check_tls(path: Path, question: Document, kind: str) -> Iterator[Complaint]:
    said = question.at("tls") is True if kind == "tcp" else question.text("scheme") == "https"
    wanted = "tls: true" if kind == "tcp" else "scheme: https"
    for word in ("serverName", "clientCertificate"):
        if word in question.table() and not said:
            message = f"means nothing without {wanted}"
            yield Complaint(path=(*path, word), message=message, at_key=True)


def _check_way(path: Path, question: Document) -> Iterator[Complaint]:
    if question.text("via") != "proxy":
        return
    lost: list[tuple[str, ...]] = [(word,) for word in ("serverName", "clientCertificate", "auth")]
    lost += [
        (table, name)
        for table in ("headers", "headersFrom")
        for name in question.table(table)
        if name.lower() in {"authorization", "host"}
    ]
    for where in lost:
        if where[-1] in question.table(*where[:-1]):
            message = "the API server's proxy cannot carry it"
            hint = "say via: portForward, or leave via out"
            yield Complaint(path=(*path, *where), message=message, hint=hint, at_key=True)


def _check_twice(path: Path, question: Document) -> Iterator[Complaint]:
    if {"password", "passwordFrom"} <= question.table("auth", "basic").keys():
        message = "a password, or the Secret that holds it: not both"
        yield Complaint(path=(*path, "auth", "basic", "password"), message=message, at_key=True)
    said = {name.lower() for name in question.table("headers")}
    if "auth" in question.table() and "authorization" in said:
        message = "auth says Authorization as well: not both"
        yield Complaint(path=(*path, "auth"), message=message, at_key=True)
    for name in question.table("headersFrom"):
        if name.lower() in said:
            message = "headers says it as well: not both"
            yield Complaint(path=(*path, "headersFrom", name), message=message, at_key=True)


def _check_body(path: Path, question: Document) -> Iterator[Complaint]:
    method = question.text("method") or "GET"
    if "body" in question.table() and method in _BODILESS:
        message = f"{method} sends no body"
        yield Complaint(path=(*path, "body"), message=message, hint="say method: POST", at_key=True)
    said = question.text("maxBody")
    number, unit = said.rstrip("KMGTPi"), said.lstrip("0123456789")
    if number.isdigit() and int(number) * _UNITS.get(unit, 1) > _MOST_BODY:
        yield Complaint(path=(*path, "maxBody"), message=f"expected at most 64Mi, found {said}")
