"""Thirty seconds without a part, in the middle of each stage: what a drill must say then.

The table is the promise: `passes` later, or `open` (inconclusive, never blamed on the backup).
The same table stands in docs/architecture.md.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drills.findings import Cause
from drills.record import CleanupOutcome, DrillRecord, Verdict
from embedded.cluster import EmbeddedCluster
from scenarios import load_scenario
from tests.e2e.conftest import scenario_text
from tests.e2e.living import LATEST, SHORT_CLUSTER, State, restores, things
from tests.e2e.outages import FastClock, Outage, drill_through

PASSES = frozenset({Verdict.PASSED})
OPEN = frozenset({Verdict.INCONCLUSIVE})
EITHER = PASSES | OPEN

STAGES = ("select", "verify", "isolate", "restore", "settle", "probe", "clean up")
TABLE: Mapping[str, Mapping[str, frozenset[Verdict]]] = {
    "API server": dict.fromkeys(STAGES, PASSES),
    # A server that starts again marks the restore that it was at as Failed.
    "Velero, restarted": {**dict.fromkeys(STAGES, PASSES), "select": EITHER, "restore": OPEN},
    "Velero, standing still": {**dict.fromkeys(STAGES, PASSES), "select": EITHER},
    # Neither we nor Velero try a second time to download: it depends on when that is.
    "S3": dict.fromkeys(STAGES, PASSES)
    | dict.fromkeys(("select", "verify", "isolate", "restore"), EITHER),
    "node-agent": dict.fromkeys(("isolate", "restore", "settle"), PASSES),
}
MIDDLE = 3
"""Objects that Velero has restored when an outage of the restore begins."""


@dataclass(slots=True)
class Bench:
    """A cluster, and how many requests a drill makes of it in each stage."""

    cluster: EmbeddedCluster
    folder: Path
    requests: Mapping[str, int] = field(default_factory=dict)

    def outage(self, who: str, stage: str) -> Outage:
        """Return an outage that begins with the middle request of a stage."""
        velero, faults = self.cluster.velero, self.cluster.faults
        leave, come_back = {
            "nobody": (lambda: None, lambda: None),
            "API server": (faults.go_away, faults.come_back),
            "Velero, restarted": (velero.stop_server, velero.start_server),
            "Velero, standing still": (velero.stand_still, velero.go_on),
            "S3": (velero.lose_bucket, velero.find_bucket),
            "node-agent": (velero.stop_agent, velero.start_agent),
        }[who]
        after = self.requests.get(stage, 0) // 2
        return Outage(clock=FastClock(), where=stage, after=after, leave=leave, come_back=come_back)

    def drill(self, outage: Outage, deadline: str = "3m") -> DrillRecord:
        """Return the record of a drill with that outage."""
        path = self.folder / "scenario.yaml"
        restore = f"{{namespaces: {{production: backup-test}}, deadline: {deadline}}}"
        path.write_text(scenario_text(cluster=SHORT_CLUSTER, backup=LATEST, restore=restore))
        return drill_through(self.cluster, load_scenario(path, {}), self.folder, outage)

    def leave_in_the_middle_of_the_restore(self, outage: Outage) -> threading.Thread:
        """Begin the outage once Velero has restored some objects; it is slow enough for that."""
        self.cluster.velero.slow(0.03)
        changes = self.cluster.objects.storage.watch(restores(self.cluster))

        def follow() -> None:
            for change in changes:
                progress = change.object.get("status", {}).get("progress", {})
                if progress.get("itemsRestored", 0) >= MIDDLE:
                    outage.begin()
                    return

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        return thread

    def everything(self) -> object:
        """Return all that a drill could leave something in; Velero's own pods come and go."""
        theirs = {"pods", "replicasets.apps"}
        found: State = {
            key: thing
            for key, thing in things(self.cluster).items()
            if not (key[0] in theirs and key[1] == "velero")
        }
        velero = found.pop(("deployments.apps", "velero", "velero"))
        bucket = self.cluster.bucket.keys("")
        return found, velero["uid"], bucket, list((self.folder / ".journal").glob("*"))


@pytest.fixture(name="bench", scope="module")
def _bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with EmbeddedCluster(stand_ins=["shop"]) as cluster:
        bench = Bench(cluster, tmp_path_factory.mktemp("outages"))
        nobody = bench.outage("nobody", "")
        assert bench.drill(nobody).verdict is Verdict.PASSED
        bench.requests = nobody.seen
        yield bench


CELLS = [(who, stage) for who, stages in TABLE.items() for stage in stages]


@pytest.mark.parametrize(("who", "stage"), CELLS)
def test_thirty_seconds_without(bench: Bench, who: str, stage: str) -> None:
    """Later passed or left open, as the table says; never blamed on the backup; cleaned up."""
    before = bench.everything()
    outage = bench.outage(who, stage)
    follower = None
    if stage == "restore":
        outage.where = ""
        follower = bench.leave_in_the_middle_of_the_restore(outage)
    never_ready = (who, stage) == ("S3", "restore")
    record = bench.drill(outage, "40s" if never_ready else "3m")
    bench.cluster.velero.slow(0)
    if follower is not None:
        follower.join()
    assert outage.began
    reasons = {(reason.code, reason.cause) for reason in record.reasons}
    assert record.verdict in TABLE[who][stage], reasons
    assert Cause.BACKUP not in {cause for _, cause in reasons}
    if record.verdict is not Verdict.PASSED:
        assert Cause.ENVIRONMENT in {cause for _, cause in reasons}
    assert record.cleanup.outcome is CleanupOutcome.CLEAN, record.cleanup.leftovers
    assert bench.everything() == before
