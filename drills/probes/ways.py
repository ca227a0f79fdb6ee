"""By which ways each kind of probe gets at a container: any one of them will do. Pure.

In: a ProbeSpec. Out: the ways, empty for a kind that needs no container, or that nobody here knows:
such a probe is simply asked.
"""

from collections.abc import Mapping

from drills.cluster import Way
from scenarios.model import ProbeSpec

NONE: frozenset[Way] = frozenset()
PORT = frozenset({Way.HTTP, Way.BYTES, Way.TUNNEL})
SPOKEN = frozenset({Way.BYTES, Way.TUNNEL})
EXEC = frozenset({Way.EXEC})
LOGS = frozenset({Way.LOGS})

WAYS: Mapping[str, frozenset[Way]] = {
    "http": PORT,
    "prometheus": PORT,
    "tcp": PORT,
    "sql": SPOKEN,
    "exec": EXEC,
    "checksum": EXEC,
    "canary": EXEC,
    "logs": LOGS,
    "job": LOGS,
}
"""A job's answer is read out of its log; `resource` and `script` need no container."""


def ways_of(spec: ProbeSpec) -> frozenset[Way]:
    """Return the ways of which one must lead somewhere; a canary is a file or a row."""
    if spec.kind == "canary" and "sql" in spec.question:
        return SPOKEN
    return WAYS.get(spec.kind, NONE)
