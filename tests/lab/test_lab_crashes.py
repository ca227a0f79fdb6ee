"""A drill on the real control plane, killed at every single write: nothing of it may stay.

Each write is two points: before the API server sees it, and after it was done but before the
runner hears of it. Several are gone through at once, each with a runner, a folder and a sandbox
of its own. `tests/e2e/test_crash_points.py` does the same on the embedded cluster.
"""

import secrets
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.forking import Runner
from tests.lab.conftest import Lab
from tests.lab.drilling import Desk
from tests.lab.gate import WRITES, Gate, Moment

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.usefixtures("nothing_left"),
]

AT_ONCE = 6
NEVER = 10_000
_REVIEWS = "reviews"


@dataclass(slots=True)
class Reaper:
    """Counts a runner's writes, and kills it at one of them."""

    number: int
    moment: Moment
    writes: list[str] = field(default_factory=list)
    at: str = ""
    """The write at which it was killed, once it was."""
    _done: list[str] = field(default_factory=list)
    _ready: threading.Event = field(default_factory=threading.Event)
    _victim: Runner | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def by_clean(self) -> bool:
        """Whether `clean` shall recover, not the next drill."""
        return (self.number + (self.moment is Moment.DONE)) % 3 > 0

    def kills(self, victim: Runner) -> None:
        """Tells who is to be killed; its first write waits for that."""
        self._victim = victim
        self._ready.set()

    def __call__(self, moment: Moment, method: str, path: str) -> None:
        """Sees a request."""
        bare = path.partition("?")[0]
        renews = method == "PATCH" and "/leases/" in bare  # whenever it is time
        if method not in WRITES or bare.endswith(_REVIEWS) or renews:
            return
        self._ready.wait()
        with self._lock:
            # Several are under way at once: what arrived says nothing of what is done.
            seen = self.writes if moment is Moment.ARRIVED else self._done
            seen.append(f"{method} {bare}")
            due = len(seen) == self.number + 1 and moment is self.moment and not self.at
            if due:
                self.at = seen[-1]
        if due and self._victim is not None:
            self._victim.kill()
        if self.at:
            raise ConnectionResetError("the runner is dead")


@dataclass(frozen=True, slots=True)
class Bench:
    """Where one drill after the other is killed."""

    lab: Lab
    folder: Path

    def writes(self) -> list[str]:
        """What a drill writes that nobody kills."""
        nobody = Reaper(NEVER, Moment.DONE)
        assert self._crash(nobody) == ""
        return nobody.writes

    def crash(self, number: int, moment: Moment) -> str:
        """Kills a drill at a point and recovers; returns the write, '' where there was none."""
        return self._crash(Reaper(number, moment))

    def _crash(self, reaper: Reaper) -> str:
        name = f"lab-crash-{secrets.token_hex(4)}"
        folder = self.folder / name
        folder.mkdir()
        with Gate(self.lab.kubeconfig, folder) as gate:
            desk = Desk(folder=folder, kubeconfig=gate.kubeconfig)
            gate.watcher = reaper
            drill = _start(desk, name)
            reaper.kills(drill)
            code, expected = drill.end(), -signal.SIGKILL if reaper.at else 0
            assert code == expected, drill.log
            gate.watcher = lambda _moment, _method, _path: None
            if reaper.at:
                self._recover(desk, name, by_clean=reaper.by_clean)
        return reaper.at

    def _recover(self, desk: Desk, name: str, *, by_clean: bool) -> None:
        ended = _clean(desk) if by_clean else _start(desk, name)
        assert ended.end() == 0, ended.log
        assert desk.journals == ()


def _start(desk: Desk, sandbox: str) -> Runner:
    scenario, reports = desk.scenario(sandbox), desk.folder / "reports"
    arguments = ["run", str(scenario), "--report-dir", str(reports), *_COMMON]
    return Runner(
        [*arguments, *_of(desk), "--kubeconfig", str(desk.kubeconfig)], desk.folder / "log"
    )


def _clean(desk: Desk) -> Runner:
    return Runner(["clean", *_COMMON, *_of(desk)], desk.folder / "log")


_COMMON = ("--log-format", "json")


def _of(desk: Desk) -> tuple[str, ...]:
    return ("--state-dir", str(desk.folder / "state"))


def test_killed_at_every_write(lab: Lab, tmp_path: Path) -> None:
    """Two of three crashes are followed by `clean`, the others by the next drill.

    Before it holds its Lease a drill only makes and removes requests to Velero, one like the
    other: every fifth of those will do.
    """
    bench = Bench(lab, tmp_path)
    writes = bench.writes()
    made = [write.rpartition("/")[2] for write in writes if write.startswith("POST")]
    assert {"namespaces", "networkpolicies", "resourcequotas", "restores"} < set(made)
    held = next(n for n, write in enumerate(writes) if write.endswith("/leases"))
    numbers = [*range(0, held, 5), *range(held, len(writes))]
    points = [(number, moment) for number in numbers for moment in Moment]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        killed_at = list(pool.map(lambda point: bench.crash(*point), points))
    # A drill that had to ask twice somewhere made more writes than others; the last counts.
    assert any(write.startswith("DELETE") and "/leases/" in write for write in killed_at)
