"""Settings of a run, from options and `DRILL_*` variables; the only reader of the environment."""

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scenarios.model import ClusterRef

EMBEDDED_CONTEXT = "embedded"
DEFAULT_REPORT_DIR = Path("drill-reports")
"""Not `reports`: that folder is code in a checkout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How drills are run."""

    report_dir: Path = DEFAULT_REPORT_DIR
    """Reports go to `report_dir/<drill-id>/`."""
    report_store: str | None = None
    """`s3://bucket/prefix` that reports are copied to."""
    state_dir: Path | None = None
    """Journals of drills under way; default `report_dir/.journal`."""
    records: Path | None = None
    """What was recorded of live sources; default `report_dir/recorded.jsonl`."""
    keep: bool = False
    """Keep the sandbox, whatever the scenario's `cleanup` says."""
    embedded: bool = False
    """Use the embedded cluster, whatever the scenario names."""
    store: str | None = None
    """A copied bucket (folder) or `s3://bucket/prefix` for the embedded cluster to restore from."""
    stand_ins: tuple[str, ...] = ()
    """Stand-ins of the embedded cluster, besides the scenario's own."""
    context: str | None = None
    """Kubeconfig context instead of the scenario's."""
    kubeconfig: str | None = None
    wait_seconds: float = 0.0
    """How long to wait for another drill that holds the sandbox; 0 refuses at once."""
    parallel: int = 4
    """How many drills may run at once."""
    seed: int | None = None
    """Seed for random picks without one of their own."""
    sandbox_role: str | None = None
    """ClusterRole that a drill binds to itself inside its sandbox, and only there."""
    service_account: str | None = None
    """`namespace/name` of the runner, which that role is bound to."""
    prober_image: str = ""
    """What tries to get out of the sandbox, where the scenario names no image."""
    verbose: bool = False
    """Log progress within stages too."""

    @property
    def journal_dir(self) -> Path:
        """Return where journals live."""
        return self.state_dir or self.report_dir / ".journal"

    @property
    def records_file(self) -> Path:
        """Return where records of live sources are kept."""
        return self.records or self.report_dir / "recorded.jsonl"


def environment() -> Mapping[str, str]:
    """Return the process's environment."""
    return dict(os.environ)


def repository_password() -> str | None:
    """Return the password of the volume repositories, None where the user names none."""
    return os.environ.get("DRILL_REPOSITORY_PASSWORD") or None


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


def kubeconfig_paths() -> str:
    """Return where a kubeconfig is looked for when none is named, as kubectl does."""
    return os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())


def script_environment(kubeconfig: str, reference: ClusterRef) -> Mapping[str, str]:
    """Return what a scenario's local commands inherit: PATH, HOME, the way to the cluster.

    Nothing else: our environment may hold secrets that are none of theirs.
    """
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    context = EMBEDDED_CONTEXT if reference.embedded else reference.context
    # A tool that is handed `~` looks for a folder of that name.
    paths = [str(Path(each).expanduser()) for each in kubeconfig.split(os.pathsep) if each]
    cluster = {"KUBECONFIG": os.pathsep.join(paths), "DRILL_KUBE_CONTEXT": context or ""}
    return kept | {key: value for key, value in cluster.items() if value}


def actor() -> str:
    """Return who runs the drill: `DRILL_ACTOR`, or user and host."""
    named = os.environ.get("DRILL_ACTOR")
    if named:
        return named
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def colour_wanted(*, terminal: bool) -> bool:
    """Return whether to colour: only on terminals, and not with NO_COLOR (no-color.org)."""
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
