"""Side by side on a real control plane: a bare `velero restore create --wait`, and our drill.

Both restore the same backup with the same kinds left out, alternating in one go, on the lab
(`python tests/lab/lab.py up`) or on a cluster of your own (`LAB_KUBECONFIG`, with what
`scenarios/lab.yaml` drills; never one that matters: a bare restore takes no precautions). A watch
of our own sees from outside, for both alike, how long Velero restored and how long the namespace
took to go. Overhead is the drill's wall time without these two and without the start and end of
its process. Requests are counted by the API server's audit log, by user agent; a cluster without
one shows none. On a machine that is busy otherwise, look at the least of each figure.

    python benchmarks/lab.py --runs 5
"""

import argparse
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# As a script, Python looks beside this file only.
sys.path.insert(0, str(ROOT))

from drills import objects  # noqa: E402 - after the path
from drills.adapters.kube import KubeCluster, connect_cluster  # noqa: E402 - likewise
from drills.ports import Change, ChangeType, Kind  # noqa: E402 - likewise

LAB = ROOT / "tests" / "lab"
VELERO = LAB / "build" / "bin" / "velero"
RESTORE = Kind("velero.io/v1", "Restore")
NAMESPACE = Kind("v1", "Namespace")
ENDED = {"Completed", "PartiallyFailed", "Failed", "FailedValidation"}
OURS, CLI, SERVER = "restore-drill-runner", "velero", "velero-server"
PATIENCE = 120.0


@dataclass(slots=True, kw_only=True)
class Seen:
    """When a Restore came and ended, when a namespace was told to go and was gone."""

    began: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    news: threading.Condition = field(default_factory=threading.Condition)

    def note(self, times: dict[str, float], name: str) -> None:
        """Keep the first moment."""
        with self.news:
            times.setdefault(name, time.perf_counter())
            self.news.notify_all()

    def seconds(self, name: str) -> float:
        """Wait for the end and return how long it took."""
        with self.news:
            if not self.news.wait_for(lambda: name in self.ended, timeout=PATIENCE):
                raise SystemExit(f"{name} did not end")
            return self.ended[name] - self.began[name]

    def newest(self) -> str:
        """Return what began last."""
        return max(self.began, key=lambda name: self.began[name])


def see_restore(seen: Seen, change: Change) -> None:
    """Note when a Restore came, and when it was in a terminal phase."""
    name = objects.name(change.object)
    seen.note(seen.began, name)
    if objects.text(change.object, "status", "phase") in ENDED:
        seen.note(seen.ended, name)


def see_namespace(seen: Seen, change: Change) -> None:
    """Note when a namespace was told to go, and when it was gone."""
    if objects.text(change.object, "metadata", "deletionTimestamp"):
        seen.note(seen.began, objects.uid(change.object))
    if change.type is ChangeType.DELETED:
        seen.note(seen.ended, objects.uid(change.object))


@contextmanager
def watching(cluster: KubeCluster) -> Iterator[tuple[Seen, Seen]]:
    """Watch restores and namespaces from outside until the end."""
    restores, namespaces, over = Seen(), Seen(), threading.Event()

    def follow(kind: Kind, place: str, tell: Callable[[Change], None]) -> None:
        for change in cluster.watch(kind, place, stop=over.is_set):
            if change and change.object:
                tell(change)

    threads = [
        threading.Thread(target=follow, args=(RESTORE, "velero", partial(see_restore, restores))),
        threading.Thread(target=follow, args=(NAMESPACE, "", partial(see_namespace, namespaces))),
    ]
    for thread in threads:
        thread.start()
    try:
        yield restores, namespaces
    finally:
        over.set()
        for thread in threads:
            thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The cluster, and where its API server writes requests down."""

    kubeconfig: Path
    cluster: KubeCluster
    audit: Path
    scenario: Path

    def requests(self, since: int) -> collections.Counter[str]:
        """Return requests by user agent that came after the audit log's first `since` bytes."""
        found: collections.Counter[str] = collections.Counter()
        if self.audit.exists():
            with self.audit.open("rb") as file:
                file.seek(since)
                for line in file:
                    found[json.loads(line).get("userAgent", "").partition("/")[0]] += 1
        return found

    @property
    def mark(self) -> int:
        """Return where the audit log ends now."""
        return self.audit.stat().st_size if self.audit.exists() else 0

    def velero(self, *arguments: str) -> None:
        """Run Velero's own command line."""
        where = ("--kubeconfig", str(self.kubeconfig), "--namespace", "velero")
        done = subprocess.run(
            [str(VELERO), *arguments, *where], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"velero {' '.join(arguments)}: {done.stdout}{done.stderr}")

    def runner(self, *arguments: str) -> str:
        """Run our command line in a process of its own, as a user does."""
        done = subprocess.run(
            [sys.executable, "-m", "runner", *arguments],
            cwd=ROOT,
            env={**os.environ, "LAB_KUBECONFIG": str(self.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"the drill ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout


def bare(place: Place, seen: tuple[Seen, Seen], order: Mapping[str, object]) -> dict[str, float]:
    """Restore without any check, then delete what it made; return seconds and requests."""
    name, mark, began = f"bare-{time.time_ns()}", place.mark, time.perf_counter()
    spec = order["spec"]
    assert isinstance(spec, dict)  # noqa: S101 - Velero's own shape
    try:
        place.velero(
            *("restore", "create", name, "--from-backup", spec["backupName"], "--wait"),
            *("--include-namespaces", "production", "--namespace-mappings", f"production:{name}"),
            *("--exclude-resources", ",".join(spec["excludedResources"])),
        )
        wall = time.perf_counter() - began
        asked = place.requests(mark)
    finally:
        going = remove(place, seen, name)
    restoring = seen[0].seconds(name)
    return {
        "wall": wall,
        "restore": restoring,
        "namespace going": going,
        "overhead": wall - restoring,
        "requests": asked[CLI],
        "requests of Velero": asked[SERVER],
    }


def remove(place: Place, seen: tuple[Seen, Seen], name: str) -> float:
    """Delete what a bare restore made; return how long its namespace took to go."""
    restores, namespaces = seen
    if name in restores.began:
        # Deleting one that still runs would block all others.
        restores.seconds(name)
    place.velero("restore", "delete", name, "--confirm")
    made = place.cluster.get(NAMESPACE, "", name)
    if made is None:
        return 0.0
    place.cluster.delete(NAMESPACE, "", name, uid=objects.uid(made))
    return namespaces.seconds(objects.uid(made))


def drill(place: Place, seen: tuple[Seen, Seen], folder: Path) -> dict[str, float]:
    """Drill the same backup; return seconds and requests."""
    mark, began = place.mark, time.perf_counter()
    place.runner("run", str(place.scenario), "--report-dir", str(folder))
    wall = time.perf_counter() - began
    asked = place.requests(mark)
    report = max(folder.glob("*/report.json"), key=lambda path: path.stat().st_mtime)
    document = json.loads(report.read_text())
    inside = instant(document["endedAt"]) - instant(document["startedAt"])
    restoring = seen[0].seconds(seen[0].newest())
    going = seen[1].seconds(seen[1].newest())
    stages = {f"  {stage['name']}": stage["seconds"] for stage in document["stages"]}
    return {
        "wall": wall,
        "restore": restoring,
        "namespace going": going,
        "process start and end": wall - inside,
        "overhead": inside - restoring - going,
        "requests": asked[OURS],
        "requests of Velero": asked[SERVER],
        **stages,
    }


def instant(text: str) -> float:
    """Return seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def order_of(place: Place) -> Mapping[str, object]:
    """Return the Restore that the drill would send, so that both leave the same out."""
    text = place.runner("plan", str(place.scenario), "--manifests")
    found: Mapping[str, object] = json.loads(text)["restore"]
    return found


def show(title: str, rounds: Sequence[Mapping[str, float]]) -> None:
    """Print the smallest, the median and the largest of each figure."""
    print(f"{title} ({len(rounds)} runs)")
    for word in rounds[0]:
        values = [each.get(word, 0.0) for each in rounds]
        unit, digits = ("", 0) if word.startswith("requests") else (" s", 2)
        said = (
            ("least", min(values)),
            ("median", statistics.median(values)),
            ("most", max(values)),
        )
        figures = "   ".join(f"{name} {value:7.{digits}f}{unit}" for name, value in said)
        print(f"  {word:24} {figures}")


def bench(place: Place, runs: int) -> None:
    """Alternate both `runs` times after one warm-up of each, and print medians."""
    order = order_of(place)
    bares: list[dict[str, float]] = []
    drills: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder, watching(place.cluster) as seen:
        for number in range(runs + 1):
            spent = bare(place, seen, order), drill(place, seen, Path(folder))
            if number:
                bares.append(spent[0])
                drills.append(spent[1])
    show("bare restore, by velero's command line", bares)
    show("drill, all checks on", drills)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scenario", type=Path, default=ROOT / "scenarios" / "lab.yaml")
    default = os.environ.get("LAB_KUBECONFIG") or str(LAB / "run" / "kubeconfig")
    parser.add_argument("--kubeconfig", type=Path, default=Path(default))
    given = parser.parse_args()
    bench(
        Place(
            kubeconfig=given.kubeconfig,
            cluster=connect_cluster(kubeconfig=str(given.kubeconfig), context="lab"),
            audit=given.kubeconfig.with_name("audit.log"),
            scenario=given.scenario,
        ),
        given.runs,
    )
