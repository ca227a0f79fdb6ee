"""A cluster, a scenario and a folder of reports, for one crash after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded.cluster import EmbeddedCluster
from embedded.faults import Moment
from tests.e2e.conftest import scenario_text
from tests.e2e.crashing import Killer, Point
from tests.e2e.living import LATEST, SHORT_CLUSTER, things

NEVER = 10_000
PROVE = "{requireProof: true, prober: {image: busybox:1.36}}"


@dataclass(frozen=True, slots=True)
class Bench:
    """Where runners are killed, and what they must leave as it was."""

    cluster: EmbeddedCluster
    killer: Killer
    folder: Path

    @property
    def run(self) -> list[str]:
        """The command line of a drill that passes."""
        return self._run("scenario.yaml")

    @property
    def run_in_vain(self) -> list[str]:
        """The command line of a drill that finds no backup and ends early."""
        return self._run("in-vain.yaml")

    @property
    def clean(self) -> list[str]:
        """The command line of `clean`."""
        return ["clean", *self._common]

    @property
    def _common(self) -> list[str]:
        return ["--report-dir", str(self.reports), "--log-format", "json"]

    @property
    def log(self) -> Path:
        """Where the killed runner's output goes."""
        return self.folder / "log"

    @property
    def reports(self) -> Path:
        """Where reports are written."""
        return self.folder / "drill-reports"

    @property
    def journals(self) -> list[Path]:
        """What there is of journals."""
        return list((self.reports / ".journal").glob("*"))

    def crash(self, number: int, moment: Moment, arguments: list[str] | None = None) -> str:
        """Kill a runner at its nth write; return the write, '' where there was no such write."""
        point = Point(number=number, moment=moment)
        self.killer.kill(arguments or self.run, self.log, point)
        return point.what

    def number_of(self, what: str) -> int:
        """Return which write of a drill does this, from 0."""
        assert self.crash(NEVER, Moment.DONE) == ""
        return next(n for n, write in enumerate(self.killer.writes) if write.startswith(what))

    def everything(self) -> object:
        """Return all that a crash could leave something in."""
        return things(self.cluster), self.cluster.bucket.keys(""), self.journals

    def _run(self, scenario: str) -> list[str]:
        kubeconfig = str(self.folder / "kubeconfig")
        return ["run", str(self.folder / scenario), "--kubeconfig", kubeconfig, *self._common]


@contextmanager
def crash_bench(folder: Path) -> Iterator[Bench]:
    """Yield a bench whose cluster runs."""
    with EmbeddedCluster(stand_ins=["shop", "enforced-network"]) as cluster:
        cluster.kubeconfig(folder / "kubeconfig")
        backups = {
            "scenario.yaml": LATEST,
            "in-vain.yaml": "{engine: velero, schedule: production-daily, maxAge: 1s}",
        }
        for name, backup in backups.items():
            text = scenario_text(cluster=SHORT_CLUSTER, backup=backup, isolation=PROVE)
            (folder / name).write_text(text)
        yield Bench(cluster, Killer(cluster), folder)
