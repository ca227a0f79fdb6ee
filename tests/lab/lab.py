"""The lab's command line: `python tests/lab/lab.py build|up|down|status`.

Exit codes of `status`: 0 runs, 3 built but not (wholly) running, 4 not built. The other
commands: 0 done, 1 could not, with the reason on stderr.
"""

import argparse
import sys
import time
from pathlib import Path

# As a script, Python looks beside this file only; the modules are named from the root.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.lab import lifecycle, parts
from tests.lab.control_plane import KUBECONFIG
from tests.lab.lifecycle import State
from tests.lab.processes import FAKE_NODE

_STATUS_CODES = {State.RUNNING: 0, State.DOWN: 3, State.BROKEN: 3, State.NOT_BUILT: 4}


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _build() -> int:
    _say("building what is missing; the first time takes about 15 minutes")
    built = lifecycle.build()
    for part in parts.PARTS:
        _say(f"{part.name} {part.version}: {'built' if part.name in built else 'there already'}")
    return 0


def _up() -> int:
    begin = time.monotonic()
    if lifecycle.up() is State.RUNNING:
        _say(f"runs already; export KUBECONFIG={KUBECONFIG}")
    else:
        _say(f"up after {time.monotonic() - begin:.1f} s; export KUBECONFIG={KUBECONFIG}")
    return 0


def _down() -> int:
    lifecycle.down()
    _say("down; nothing of it is left running")
    return 0


def _status() -> int:
    found = lifecycle.state()
    _say(f"the lab is {found}")
    for name in parts.missing_parts():
        _say(f"  not built: {name} (python tests/lab/lab.py build)")
    for process in FAKE_NODE.started():
        _say(f"  {process.name}: pid {process.pid}, {'runs' if process.alive else 'has ended'}")
    return _STATUS_CODES[found]


def main() -> int:
    """Runs one command and returns the process's exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = {"build": _build, "up": _up, "down": _down, "status": _status}
    parser.add_argument("command", choices=tuple(commands))
    try:
        return commands[parser.parse_args().command]()
    except parts.LabError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
