"""Probes: one module per kind of question, found by the scenario's word.

In: a word such as `http`. Out: the Probe that asks it. Packages that users install add theirs
through the entry point group `restore_drill.probes`: each entry names a Probe, or a module whose
attribute `PROBE` is one.
"""

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import cast

from drills.errors import Misconfigured
from drills.probes.contract import Answer, Probe, ProbeContext

GROUP = "restore_drill.probes"
PROBES: Mapping[str, str] = {
    "resource": "drills.probes.resource:PROBE",
    "http": "drills.probes.http:PROBE",
    "tcp": "drills.probes.tcp:PROBE",
    "exec": "drills.probes.exec:PROBE",
    "logs": "drills.probes.logs:PROBE",
    "sql": "drills.probes.sql:PROBE",
    "checksum": "drills.probes.checksum:PROBE",
    "canary": "drills.probes.canary:PROBE",
    "prometheus": "drills.probes.prometheus:PROBE",
    "job": "drills.probes.job:PROBE",
    "script": "drills.probes.script:PROBE",
}
"""Word to `module:attribute`, imported when first asked for."""


def find_probe(kind: str) -> Probe:
    """Return the probe for the word `kind`; raises Misconfigured with the words known."""
    if kind in PROBES:
        module, _, attribute = PROBES[kind].partition(":")
        return _as_probe(getattr(importlib.import_module(module), attribute))
    installed = entry_points(group=GROUP)
    for entry in installed:
        if entry.name == kind:
            loaded: object = entry.load()
            return _as_probe(getattr(loaded, "PROBE", loaded))
    known = sorted({*PROBES, *installed.names})
    raise Misconfigured(
        f"no probe is called {kind!r}; known are {', '.join(known)}",
        hint=f"install the package that brings it (entry point group {GROUP})",
    )


def _as_probe(found: object) -> Probe:
    if not callable(getattr(found, "ask", None)):
        raise Misconfigured(f"{found!r} is no probe: it has no method `ask`")
    return cast("Probe", found)


__all__ = ["GROUP", "PROBES", "Answer", "Probe", "ProbeContext", "find_probe"]
