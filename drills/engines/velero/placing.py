"""Places objects with rewritten names in the sandbox, before the restore would bring the others.

In: the order. Out: the objects of `naming.placed` in the sandbox, and a finding where that failed.
Pods start while Velero still restores, so a Secret that is rewritten afterwards comes too late;
one that is there Velero leaves as it is (policy `none`) and says so in a warning.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from drills import objects
from drills.backups import ObjectKey
from drills.engine import RestoreOrder
from drills.engines.velero.naming import name_rules
from drills.engines.velero.preview import preview_of
from drills.engines.velero.results import ALREADY
from drills.engines.velero.site import Site
from drills.errors import DrillError, Interrupted
from drills.findings import Cause, Finding, warning
from drills.objects import KubeObject

WORD = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9._]*[A-Za-z0-9])?")
"""A kind or a name in a message, whatever marks stand around it."""


def place(site: Site, order: RestoreOrder) -> tuple[Finding, ...]:
    """Create the objects; only Interrupted is raised."""
    wanted = name_rules(order).placed
    if not wanted:
        return ()
    findings: list[Finding] = []
    try:
        for obj in preview_of(site, order, wanted):
            findings += _create(site, order, obj)
    except Interrupted:
        raise
    except DrillError as error:
        findings.append(_failed(f"{len(wanted)} object(s) of the backup", error))
    return tuple(findings)


def _create(site: Site, order: RestoreOrder, obj: KubeObject) -> tuple[Finding, ...]:
    metadata = objects.mapping(obj, "metadata")
    labels = {**objects.labels(obj), **order.labels}
    marked = {**obj, "metadata": {**metadata, "labels": labels}}
    sandbox = replace(site, namespace=objects.namespace(obj))
    try:
        sandbox.make(marked)
    except Interrupted:
        raise
    except DrillError as error:
        kind, name = objects.text(obj, "kind"), objects.name(obj)
        return (_failed(f"{kind} {sandbox.namespace}/{name}", error),)
    return ()


def _failed(subject: str, error: DrillError) -> Finding:
    return warning(
        "names-not-placed",
        subject,
        f"Its names could not be rewritten before the restore: {error}.",
        error.hint or "See why it could not be created in the sandbox, then drill again.",
        cause=Cause.ENVIRONMENT,
    )


def unexpected(order: RestoreOrder, warnings: Iterable[str]) -> tuple[str, ...]:
    """Return Velero's warnings but for those that a placed object stood there already."""
    placed = [_words(order, key) for key in name_rules(order).placed]
    return tuple(
        said
        for said in warnings
        if not (ALREADY.search(said) and any(words <= set(WORD.findall(said)) for words in placed))
    )


def _words(order: RestoreOrder, key: ObjectKey) -> set[str]:
    kind = "Secret" if key.resource == "secrets" else "ConfigMap"
    return {order.namespaces[key.namespace], kind, key.name}
