"""The kept backups of older Veleros, restored by the real one on the real node and judged there.

A few of them, for they take most of a minute each; with `--update-golden` all of them, and what it
saw goes into `tests/corpus/lab-drills.json`, from which docs/compatibility.md is made.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from tests.corpus.compatibility import LAB_DRILLS, LabDrill, lab_drills
from tests.corpus.drilling import write
from tests.corpus.kept import KEPT, LEFT_OUT, Kept, Method
from tests.lab.backups import NAMESPACE
from tests.lab.cluster import read_manifest, status_of
from tests.lab.conftest import Lab
from tests.lab.control_plane import read_places
from tests.lab.corpus import veleros
from tests.lab.corpus.making import APPLICATION, Buckets
from tests.lab.corpus.veleros import Location
from tests.lab.drilling import Desk
from tests.lab.processes import REAL_NODE, wait_until

pytestmark = [pytest.mark.node, pytest.mark.timeout(900), pytest.mark.usefixtures("own_node")]
SECONDS = 600.0
CLUSTER_WIDE = frozenset({"CustomResourceDefinition", "PriorityClass"})
DRILLED = [one for one in KEPT if one.sort in {"full", "restic", "opted-out", "versions", "none"}]
FEW = frozenset({"full-1-10-3", "restic-1-10-3", "opted-out-1-13-2", "restic-1-16-2"})


@pytest.fixture
def writing(request: pytest.FixtureRequest) -> bool:
    """Whether what the lab answers is to be written down."""
    return bool(request.config.getoption("--update-golden", default=False))


@pytest.fixture(scope="module")
def shown(node_lab: Lab) -> Iterator[Lab]:
    """The real node, whose Velero was shown every kept bucket; what the cluster gives is there."""
    cluster = node_lab.cluster
    for document in read_manifest(APPLICATION, {}):
        if document["kind"] in CLUSTER_WIDE:
            cluster.apply(document)
    places = read_places(REAL_NODE)
    buckets = Buckets(f"http://{places.address}:{places.s3}")
    folders = {one.folder: f"kept-{one.version.replace('.', '-')}-{one.bucket}" for one in KEPT}
    for folder, name in folders.items():
        buckets.make_empty(name)
        for path in (path for path in folder.rglob("*") if path.is_file()):
            buckets.put(name, str(path.relative_to(folder)), path.read_bytes())
        credentials = REAL_NODE.folder / "velero" / "credentials"
        veleros.add_location(cluster, Location(name=name, url=buckets.url, credentials=credentials))
    wait_until("kept backups", lambda: names(node_lab) >= {one.name for one in KEPT},
               seconds=SECONDS)  # fmt: skip
    yield node_lab
    for name in folders.values():
        cluster.delete(veleros.API, "BackupStorageLocation", name, NAMESPACE)


@pytest.mark.parametrize("one", DRILLED, ids=str)
def test_a_kept_backup_is_judged_by_a_real_restore(
    shown: Lab, node_desk: Desk, one: Kept, writing: bool
) -> None:
    if not writing and one.name not in FEW:
        pytest.skip("only some are drilled each time; --update-golden drills all of them")
    scenario = write(one, node_desk.folder, context="lab", kubeconfig=str(shown.kubeconfig))
    with node_desk.run(scenario) as command:
        ended = command.end(SECONDS)
    verdict = str(ended.report["verdict"])
    if one.method is Method.OPTED_OUT:
        assert verdict == "failed", ended.text
        assert any(LEFT_OUT.rpartition("/")[2] in str(why) for why in ended.rows("reasons"))
    else:
        assert verdict in {"passed", "warned"}, ended.text
    if writing:
        write_down(shown, one, verdict)


def names(lab: Lab) -> set[str]:
    """Backups that Velero knows and calls Completed."""
    return {
        str(found["metadata"]["name"])  # type: ignore[index]
        for found in lab.cluster.list(veleros.API, "Backup", NAMESPACE)
        if status_of(found).get("phase") == "Completed"
    }


def write_down(lab: Lab, one: Kept, verdict: str) -> None:
    """Adds a drill that was rightly judged to what the compatibility table is made from."""
    version = json.loads(lab.cluster.get_text("/version"))["gitVersion"]
    new = LabDrill(
        velero=one.version,
        kubernetes=version,
        server=f"v{veleros.OWN}",
        method=str(one.method),
        verdict=verdict,
    )
    known = {(found.velero, found.method): found for found in lab_drills()}
    known[new.velero, new.method] = new
    rows = [asdict(known[key]) for key in sorted(known)]
    LAB_DRILLS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
