"""Drills as a user starts them: the command line in a process of its own, watched by its log.

In come a scenario and options, out come the process, its log lines as they appear, its report
and its exit code. Moments in a drill are waited for in the log, so that nothing has to sleep.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

import yaml

from reports.loading import load_report
from tests.lab.parts import LAB

ROOT = LAB.parents[1]
SCENARIO = ROOT / "scenarios" / "lab.yaml"
DRILL_SECONDS = 90.0

Line = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that has ended: its exit code and what it wrote."""

    code: int
    out: str
    lines: tuple[Line, ...]
    log: str
    report: Mapping[str, object]
    """Its report.json, valid against its schema; empty where it wrote none."""

    @property
    def text(self) -> str:
        """Everything it said, for an assertion's message."""
        return f"exit code {self.code}\n{self.out}\n{self.log}"

    def part(self, key: str) -> Mapping[str, object]:
        """One object of the report."""
        return cast("Mapping[str, object]", self.report[key])

    def rows(self, key: str) -> Sequence[Mapping[str, object]]:
        """One list of objects of the report."""
        return cast("Sequence[Mapping[str, object]]", self.report[key])


class Command:
    """One `python -m runner`, running; use it as a context, which ends it whatever happens."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._lines: list[Line] = []
        self._raw: list[str] = []
        self._out: list[str] = []
        self._news = threading.Condition()
        self._over = False
        self._arguments = tuple(arguments)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "runner", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": environment["HOME"], **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._readers = [threading.Thread(target=read) for read in (self._read_log, self._read)]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        """Returns the running command."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kills what still runs."""
        self._process.kill()
        self._process.wait(timeout=DRILL_SECONDS)
        for reader in self._readers:
            reader.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def wait_for(self, moment: Callable[[Line], bool], seconds: float = DRILL_SECONDS) -> Line:
        """Waits for the first log line that `moment` is true of.

        Raises:
            AssertionError: The command ended first, or the time is over.
        """
        with self._news:
            self._news.wait_for(lambda: self._over or any(map(moment, self._lines)), seconds)
            found = next(filter(moment, self._lines), None)
        if found is None:
            raise AssertionError(
                f"the moment never came; the log ends:\n{''.join(self._raw[-12:])}"
            )
        return found

    def signal(self, number: int) -> None:
        """Sends the process a signal."""
        self._process.send_signal(number)

    def end(self, seconds: float = DRILL_SECONDS) -> Ended:
        """Waits until the command ends by itself, and reads its report."""
        code = self._process.wait(timeout=seconds)
        for reader in self._readers:
            reader.join()
        return Ended(
            code=code,
            out="".join(self._out),
            lines=tuple(self._lines),
            log="".join(self._raw),
            report=self._report(),
        )

    def _report(self) -> Mapping[str, object]:
        drills = [line["drill"] for line in self._lines if line.get("event") == "stage started"]
        if "--report-dir" not in self._arguments or not drills:
            return {}
        folder = Path(self._arguments[self._arguments.index("--report-dir") + 1])
        found = folder / drills[-1] / "report.json"
        return load_report(found) if found.exists() else {}

    def _read(self) -> None:
        if self._process.stdout is not None:
            self._out.extend(self._process.stdout)

    def _read_log(self) -> None:
        for raw in self._process.stderr or ():
            line = _parsed(raw)
            with self._news:
                self._raw.append(raw)
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self._over = True
            self._news.notify_all()


def _parsed(raw: str) -> Line:
    try:
        return cast("Line", json.loads(raw))
    except ValueError:
        return {"event": raw}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where one test's drills write, and which cluster they use."""

    folder: Path
    kubeconfig: Path

    @property
    def journals(self) -> tuple[Path, ...]:
        """The journals of drills that have not proven everything gone."""
        return tuple(sorted((self.folder / "state").glob("*.jsonl")))

    def another(self, name: str) -> "Desk":
        """A desk that knows nothing of this one's journals."""
        folder = self.folder / name
        folder.mkdir()
        return Desk(folder=folder, kubeconfig=self.kubeconfig)

    def run(self, scenario: Path, *options: str) -> Command:
        """Starts a drill."""
        reports = str(self.folder / "reports")
        return self.start("run", str(scenario), "-v", "--report-dir", reports, *options)

    def clean(self, *options: str) -> Ended:
        """Runs `clean` to its end; without options it knows the journals only."""
        with self.start("clean", "--log-format", "json", *options) as command:
            return command.end()

    def start(self, *arguments: str) -> Command:
        """Starts any command with this desk's state and cluster."""
        environment = {
            "HOME": str(self.folder),
            "LAB_KUBECONFIG": str(self.kubeconfig),
            "DRILL_STATE_DIR": str(self.folder / "state"),
        }
        return Command(arguments, environment)

    def scenario(self, sandbox: str, *, name: str | None = None, **parts: object) -> Path:
        """Writes a copy of the lab's scenario.

        Args:
            sandbox: Its sandbox namespace.
            name: What it is called; the sandbox's name by default.
            parts: Parts of `spec` in place of the original's, `restore` merged into it.
        """
        document = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
        restore = cast("Mapping[str, object]", parts.pop("restore", {}))
        document["spec"] |= parts
        document["spec"]["restore"] |= {"namespaces": {"production": sandbox}, **restore}
        document["metadata"]["name"] = name or sandbox
        file = self.folder / f"{name or sandbox}.yaml"
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        return file


def slow_probe(seconds: int) -> list[Mapping[str, object]]:
    """A probe that is asked late, so that there is time to do something meanwhile."""
    what = {"apiVersion": "v1", "kind": "ConfigMap", "name": "shop-config"}
    return [{"name": "late", "resource": what, "initialDelay": f"{seconds}s"}]


def stage(name: str, event: str = "stage started") -> Callable[[Line], bool]:
    """The moment at which a stage begins, or ends some way."""
    return lambda line: line.get("stage") == name and line.get("event") == event


def action(verb: str, resource: str, status: str) -> Callable[[Line], bool]:
    """The moment at which something was done to a resource, named as the log names it."""
    return lambda line: (line.get("action"), line.get("resource"), line.get("status")) == (
        verb, resource, status,
    )  # fmt: skip


def restoring(line: Line) -> bool:
    """The moment at which Velero works on the restore."""
    return line.get("stage") == "restore" and line.get("detail", "").startswith("InProgress")
