"""The files by which the lab, the network plugin and the policy enforcer speak to each other.

One folder: `switch` (what is wanted), `state` (what is enforced), `pods/ADDRESS` (who got an
address), `known` (the addresses that the firewall knows of).
"""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.lab.parts import LabError
from tests.lab.processes import REAL_NODE, Run, wait_until

_SECONDS = 20.0


def folder_of(run: Run) -> Path:
    """Where the files are."""
    return run.folder / "policies"


def set_policies(*, enforced: bool, run: Run = REAL_NODE) -> None:
    """Switches the enforcement of NetworkPolicies, and returns when it is so.

    Raises:
        LabError: The real node is not up, or its enforcer does not answer.
    """
    if not folder_of(run).exists():
        raise LabError("the real node is not up; run python tests/lab/lab.py up --node real")
    wanted = "on" if enforced else "off"
    write(folder_of(run) / "switch", wanted)
    wait_until(f"policies {wanted}", lambda: policies_state(run) == wanted, seconds=_SECONDS)


def policies_state(run: Run = REAL_NODE) -> str:
    """`on`, `off`, or nothing while nobody has said."""
    return read(folder_of(run) / "state")


def read(file: Path) -> str:
    """The text of a file; empty while it is not there."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def write(file: Path, text: str) -> None:
    """Replaces a file at once, so that nobody reads half of it."""
    fresh = file.with_name(f".{file.name}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


def addresses(folder: Path) -> Mapping[str, tuple[str, str]]:
    """Address to namespace and name of the pod that has it."""
    found = {}
    for file in (folder / "pods").glob("[0-9]*"):
        text = read(file)
        if text:
            entry = json.loads(text)
            found[file.name] = (entry["namespace"], entry["name"])
    return found
