"""The lab's command line: `python tests/lab/lab.py build|up|down|status [--node real]`.

Without an option the lab has a made-up node and is up in seconds; with `--node real` it has one
with real pods, which needs root on Linux. Both can be up at once. `policies on|off` switches
whether the real node enforces NetworkPolicies.

Exit codes of `status`: 0 runs, 3 built but not (wholly) running, 4 not built. The other
commands: 0 done, 1 could not, with the reason on stderr.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# As a script, Python looks beside this file only; the modules are named from the root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import lifecycle, parts
from tests.lab.lifecycle import State
from tests.lab.node import csi, switch
from tests.lab.node import lifecycle as node
from tests.lab.processes import FAKE_NODE, REAL_NODE, Run

_STATUS_CODES = {State.RUNNING: 0, State.DOWN: 3, State.BROKEN: 3, State.NOT_BUILT: 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """What the commands call, for one kind of lab."""

    run: Run
    build: Callable[[], None]
    up: Callable[[], State]
    down: Callable[[], None]
    state: Callable[[], State]
    missing: Callable[[], str]
    """Why it cannot come up, in words; empty where it can."""


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _build_fake() -> None:
    for name in lifecycle.build():
        _say(f"built {name}")


FLAVOURS = {
    "fake": Flavour(
        run=FAKE_NODE,
        build=_build_fake,
        up=lifecycle.up,
        down=lifecycle.down,
        state=lifecycle.state,
        missing=lifecycle.why_not,
    ),
    "real": Flavour(
        run=REAL_NODE,
        build=lambda: node.build(_say),
        up=lambda: node.up(_say),
        down=node.down,
        state=node.state,
        missing=node.why_not,
    ),
}


def _build(flavour: Flavour, what: str | None) -> int:
    if what == "kopia":
        parts.build_part(parts.KOPIA)
        _say(f"built {parts.KOPIA.path}")
        return 0
    if what == "csi":
        csi.build(_say)
        return 0
    _say("building what is missing; the first time takes 15 to 25 minutes")
    flavour.build()
    for part in (*parts.PARTS, *parts.NODE_PARTS, *parts.CSI_PARTS):
        if not parts.missing_parts((part,)):
            _say(f"there: {part.name} {part.version}")
    return 0


def _up(flavour: Flavour, _: str | None) -> int:
    begin = time.monotonic()
    if flavour.up() is State.RUNNING:
        _say(f"runs already; export KUBECONFIG={flavour.run.kubeconfig}")
    else:
        seconds = time.monotonic() - begin
        _say(f"up after {seconds:.1f} s; export KUBECONFIG={flavour.run.kubeconfig}")
    return 0


def _down(flavour: Flavour, _: str | None) -> int:
    flavour.down()
    _say("down; nothing of it is left")
    return 0


def _status(flavour: Flavour, _: str | None) -> int:
    found = flavour.state()
    _say(f"the lab is {found}")
    if reason := flavour.missing():
        _say(f"  {reason}")
    for process in flavour.run.started():
        _say(f"  {process.name}: pid {process.pid}, {'runs' if process.alive else 'has ended'}")
    return _STATUS_CODES[found]


def _policies(_: Flavour, what: str | None) -> int:
    """Switches the real node's enforcement, or says how it is."""
    if what in {"on", "off"}:
        switch.set_policies(enforced=what == "on")
    _say(f"network policies are enforced: {switch.policies_state() or 'the real node is not up'}")
    return 0


def main() -> int:
    """Runs one command and returns the process's exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = {
        "build": _build, "up": _up, "down": _down, "status": _status, "policies": _policies,
    }  # fmt: skip
    parser.add_argument("command", choices=tuple(commands))
    parser.add_argument(
        "what", nargs="?", choices=("on", "off", "kopia", "csi"),
        help="on or off: of `policies`; kopia: `build` its command line, to look into a repository;"
        " csi: `build` what gives the real node CSI volumes and snapshots",
    )  # fmt: skip
    parser.add_argument("--node", choices=tuple(FLAVOURS), default="fake", help="default: fake")
    arguments = parser.parse_args()
    try:
        return commands[arguments.command](FLAVOURS[arguments.node], arguments.what)
    except parts.LabError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("lab: interrupted; what was started is down again\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
