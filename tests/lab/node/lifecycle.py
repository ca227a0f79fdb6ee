"""The real node as a whole: can it run here, does it run, bring it up, take it down.

`down` is believed only when it has looked: no process, link, mount, control group or changed
setting may be left.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.lab import parts, processes
from tests.lab.application import recipes
from tests.lab.backups import start_store, storage_available
from tests.lab.cluster import Cluster, read_manifest, status_of
from tests.lab.control_plane import (
    MANIFESTS,
    Flags,
    Places,
    api_ready,
    choose_places,
    start_control_plane,
)
from tests.lab.lifecycle import State, comes_true, lock
from tests.lab.node import cgroups, csi, images, leftovers, machine, network, switch
from tests.lab.node.before import Before
from tests.lab.node.containerd import import_images, start_containerd
from tests.lab.node.kubelet import DNS, node_ready, start_kubelet
from tests.lab.node.storage import STORAGE_CLASS
from tests.lab.node.velero import install_velero
from tests.lab.parts import LabError
from tests.lab.processes import REAL_NODE, Run

PARTS = tuple(part for part in (*parts.PARTS, *parts.NODE_PARTS) if part is not parts.KWOK)
PROGRAMS = 11
_SECONDS = 60.0

_FLAGS = Flags(
    api_server=("--bind-address=0.0.0.0",),
    controllers=("--allocate-node-cidrs=true", f"--cluster-cidr={network.PODS}"),
)

Say = Callable[[str], object]


def why_not() -> str:
    """Why there is no real node to be had here, and what to do about it; empty where there is."""
    reason = machine.why_not()
    if reason:
        return reason
    missing = (*parts.missing_parts(PARTS), *machine.missing_packages())
    if missing:
        names = ", ".join(missing)
        return f"not built or installed: {names}; run python tests/lab/lab.py build --node real"
    return ""


def state() -> State:
    """Looks at the programs and the API server; changes nothing."""
    if why_not():
        return State.NOT_BUILT
    running = [process for process in REAL_NODE.started() if process.alive]
    if not running:
        return State.DOWN
    whole = len(running) in {PROGRAMS, PROGRAMS + csi.PROGRAMS} and REAL_NODE.complete.exists()
    return State.RUNNING if whole and comes_true(lambda: api_ready(REAL_NODE)) else State.BROKEN


def build(say: Say) -> None:
    """Installs packages, builds programs, writes images: what is missing of each.

    Raises:
        LabError: This machine cannot run a node, or something failed.
    """
    reason = machine.why_not()
    if reason:
        raise LabError(reason)
    for package in machine.install_packages():
        say(f"installed {package}")
    for part in PARTS:
        if parts.missing_parts((part,)):
            parts.build_part(part)
            say(f"built {part.name} {part.version}")
    for name in (*images.make_images(), *recipes.build_images()):
        say(f"made image {name}")


def up(say: Say) -> State:
    """Brings the node up unless it runs; what an earlier attempt left is taken down first.

    Returns:
        The state before, so that a caller knows whether the node is theirs to take down.

    Raises:
        NodeTaken: Somebody else's real node runs on this machine.
        LabError: It cannot run here, or something did not start.
    """
    with lock("node"):
        reason = why_not()
        if reason:
            raise LabError(reason)
        before = state()
        if before is State.RUNNING and _works():
            return before
        if network.taken(REAL_NODE):
            raise network.NodeTaken
        _take_down()
        try:
            _bring_up(say)
        except BaseException:
            leftovers.end_all(REAL_NODE)
            leftovers.clear(REAL_NODE, keep_logs=True)  # for whoever reads the error
            raise
        return before if before is not State.RUNNING else State.BROKEN


def down() -> None:
    """Takes everything down; nothing to do is fine.

    Raises:
        LabError: Something is left, and what.
    """
    with lock("node"):
        _take_down()


def _take_down() -> None:
    file = leftovers.before_file(REAL_NODE)
    before = Before.read(file) if file.exists() else None
    leftovers.end_all(REAL_NODE)
    leftovers.clear(REAL_NODE)
    left = leftovers.left(REAL_NODE, before)
    if left:
        raise LabError("the real node is down, but it left behind:\n  " + "\n  ".join(left))


def _bring_up(say: Say) -> None:
    for name in (*images.make_images(), *recipes.build_images()):
        say(f"made image {name}")
    REAL_NODE.folder.mkdir(parents=True)
    keeper = network.open_namespaces(REAL_NODE)
    Before.write(leftovers.before_file(REAL_NODE))
    ends = network.connect(keeper)
    network.mount_own(REAL_NODE, keeper)
    cgroups.make()
    run = replace(REAL_NODE, enter=network.way_in(keeper))
    places = choose_places(run, ends.node)
    start_containerd(run)
    with ThreadPoolExecutor(max_workers=1) as beside:
        imported = beside.submit(import_images, run)
        keys = start_control_plane(run, places, _FLAGS)
        say("the control plane is ready")
        _start_enforcer(run)
        say(f"images imported in {imported.result():.1f} s")
    cluster = Cluster(run.kubeconfig)
    try:
        start_kubelet(run, places, keys, cluster)
        say("the node is ready")
        _start_services(run, places, cluster)
    finally:
        cluster.close()
    run.complete.write_text("\n", encoding="utf-8")


def _start_enforcer(run: Run) -> None:
    folder = switch.folder_of(run)
    (folder / "pods").mkdir(parents=True)
    switch.write(folder / "known", "")
    program = Path(__file__).with_name("enforcer.py")
    run.start("policies", [sys.executable, str(program), str(run.kubeconfig), str(folder)])
    switch.set_policies(enforced=True, run=run)


def _start_services(run: Run, places: Places, cluster: Cluster) -> None:
    words = {"IMAGE": images.COREDNS, "ADDRESS": DNS}
    for document in read_manifest(MANIFESTS / "coredns.yaml", words):
        cluster.apply(document)
    cluster.apply(STORAGE_CLASS)
    program = Path(__file__).with_name("storage.py")
    places_of = [str(run.kubeconfig), str(network.VOLUMES)]
    run.start("storage", [sys.executable, str(program), *places_of])
    url, credentials = start_store(run, places, places.address)
    with_csi = not csi.why_not()
    if with_csi:
        csi.start_csi(run, cluster)
    install_velero(run, cluster, url, credentials, with_csi=with_csi)
    processes.wait_until("answers to names", lambda: _names_work(cluster), seconds=_SECONDS)


def _names_work(cluster: Cluster) -> bool:
    dns = status_of(cluster.find("apps/v1", "Deployment", "coredns", "kube-system"))
    return dns.get("availableReplicas") == 1


def _works() -> bool:
    cluster = Cluster(REAL_NODE.kubeconfig)
    try:
        return comes_true(lambda: node_ready(cluster) and storage_available(cluster))
    finally:
        cluster.close()
