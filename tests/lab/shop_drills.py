"""Drills of the shop: its scenario with what a test says otherwise, and what the drill answered.

In come a cluster with the shop, a backup's name and changes to the scenario; out comes the ended
command with its report.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from tests.lab.application import shopkeeping
from tests.lab.cluster import Cluster
from tests.lab.drilling import ROOT, Desk, Ended

SCENARIO = ROOT / "scenarios" / "lab-shop.yaml"
SECONDS = 400.0
ARCHIVE = "/data/archive"
_TREE = f"cd {ARCHIVE} && find . -type f -exec sha256sum {{}} + | LC_ALL=C sort -k 2 | sha256sum"

Change = Callable[[dict[str, Any]], None]
"""Changes the scenario's `spec` in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the shop holds before a backup, written down outside of it."""

    until: str
    """The instant up to which rows were counted: a restored writer goes on writing, and its new
    rows would make up for old ones that are lost."""
    rows: int
    tree: str


def record(cluster: Cluster) -> Recorded:
    """Looks into production: how many rows, and what its invoices are."""
    told = shopkeeping.sql(cluster, "SELECT max(at), count(*) FROM ledger")
    until, rows = told.split("|")
    tree = shopkeeping.execute(cluster, "db", "postgres-0", ["sh", "-c", _TREE])
    return Recorded(until=until, rows=int(rows), tree=tree.split()[0])


def scenario(desk: Desk, backup: str, *changes: Change) -> Path:
    """Writes the shop's scenario for one backup, with changes."""
    document = yaml.safe_load(SCENARIO.read_text(encoding="utf-8"))
    spec = document["spec"]
    spec["backup"] = {"engine": "velero", "namespace": "velero", "name": backup}
    for change in changes:
        change(spec)
    file = desk.folder / f"{backup}.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def drill(desk: Desk, backup: str, *changes: Change) -> Ended:
    """Drills one backup of the shop to the drill's end."""
    with desk.run(scenario(desk, backup, *changes)) as command:
        return command.end(SECONDS)


def expecting(recorded: Recorded) -> Change:
    """Asks for what was recorded outside: the number of rows, and each invoice."""

    def change(spec: dict[str, Any]) -> None:
        spec["probes"].append({
            "name": "as many rows as recorded",
            "sql": {
                "namespace": "db", "engine": "postgresql", "service": "postgres",
                "database": "shop", "user": "reader",
                "passwordFrom": {"secret": "postgres-credentials", "key": "reader-password"},
                "query": f"SELECT count(*) FROM ledger WHERE at <= '{recorded.until}'",  # noqa: S608
            },
            "expect": {"count": recorded.rows},
            "proves": "data",
        })  # fmt: skip
        probe_called(spec, "invoices are as they were")["expect"] = {"tree": recorded.tree}

    return change


def with_script(spec: dict[str, Any]) -> None:
    """Asks a command of this machine too."""
    spec["probes"].append({
        "name": "own check, from here",
        "script": {"command": ["sh", "-c", "echo $DRILL_SANDBOX_NAMESPACES"]},
        "expect": {"stdout": {"contains": "drill-db"}},
    })  # fmt: skip


def setting(part: str, **values: object) -> Change:
    """Says some keys of a part of the spec otherwise."""

    def change(spec: dict[str, Any]) -> None:
        spec[part] = {**spec.get(part, {}), **values}

    return change


def probe_called(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One probe of the scenario."""
    return next(cast("dict[str, Any]", probe) for probe in spec["probes"] if probe["name"] == name)


def outcomes(ended: Ended) -> dict[str, str]:
    """Each probe's outcome by its name."""
    return {str(probe["name"]): str(probe["outcome"]) for probe in ended.rows("probes")}


def reasons(ended: Ended) -> str:
    """The words of all reasons of the verdict."""
    return "\n".join(str(reason["message"]) for reason in ended.rows("reasons"))


def finding(ended: Ended, code: str) -> Mapping[str, object]:
    """One finding by its code; empty where there is none."""
    return next((found for found in ended.rows("findings") if found["code"] == code), {})


def isolation(ended: Ended) -> str:
    """What was proven of the sandbox's network: `proven`, `open`, `unproven`."""
    proof = cast("Mapping[str, object]", ended.part("sandbox")["isolationProof"])
    return str(proof["state"])
