"""One small text file out of a restored volume: shared by canary and checksum.

In: a workload, a container, a path. Out: its text, or what is there instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drills.errors import CannotAsk
from drills.expectations import Mismatch
from drills.ports import Cluster
from drills.probes.workloads import asked_pod

LONGEST = 4 * 1024 * 1024
"""Where the adapter stops listening, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileText:
    """What a file holds."""

    text: str
    simulated: bool


def read_file(
    cluster: Cluster, namespace: str, where: Mapping[str, object], path: str, timeout: float
) -> FileText | Mismatch:
    """Return the file at `path` in a pod of `where`; raises CannotAsk where it cannot be read."""
    target = asked_pod(cluster, namespace, where)
    if isinstance(target, Mismatch):
        return target
    said = cluster.exec(namespace, target.pod, target.container, ("cat", path), timeout=timeout)
    if said.exit_code == 0 and len(said.stdout.encode()) < LONGEST:
        return FileText(text=said.stdout, simulated=said.simulated)
    complaint = said.stderr.strip()[:300] or f"exit code {said.exit_code}"
    if "No such file or directory" in complaint:
        return Mismatch(f"the file {path}", "no such file")
    raise CannotAsk(
        f"{path} in pod {target.pod} could not be read whole: {complaint}",
        hint="the container needs `cat` and the right to read the file, and it must be small",
    )
