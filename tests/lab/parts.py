"""The programs of the lab: which they are, from which source, and how they are built.

In come the go.mod files below `tools/`, the only place where versions are written; out go
executables in `build/`. A part that is there already is not built again.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LAB = Path(__file__).resolve().parent
BUILD = LAB / "build"
BIN = BUILD / "bin"
PLUGINS = BUILD / "plugins"
BUILD_SECONDS = 3600.0
GIB = 1 << 30
ROOM_BYTES = 6 * GIB

_KUBERNETES_VERSION = "k8s.io/component-base/version"
_VELERO_VERSION = "github.com/vmware-tanzu/velero/pkg/buildinfo.Version"
# Besides the metrics address that it can be told, Velero's controllers listen on *:8080, by the
# default of their library; no flag says otherwise, the linker does. "0" means nowhere.
_VELERO_SECOND_METRICS = "sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress"


class LabError(Exception):
    """The lab cannot go on; the message says what, where and what to do next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One program: its tool folder, its Go module and package, where the result goes."""

    name: str
    tool: str
    module: str
    package: str
    folder: Path = BIN

    @property
    def path(self) -> Path:
        """Where the executable is once it is built."""
        return self.folder / self.name

    @property
    def version(self) -> str:
        """The version that the tool's go.mod asks for, such as `v1.34.4`."""
        text = (LAB / "tools" / self.tool / "go.mod").read_text(encoding="utf-8")
        found = re.search(rf"{re.escape(self.module)} (v\S+)", text)
        if found is None:
            raise LabError(f"tools/{self.tool}/go.mod does not require {self.module}")
        return found.group(1)


def _kubernetes(name: str) -> Part:
    return Part(
        name=name,
        tool="kubernetes",
        module="k8s.io/kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
    )


ETCD = Part(
    name="etcd",
    tool="etcd",
    module="go.etcd.io/etcd/server/v3",
    package="go.etcd.io/etcd/server/v3",
)
API_SERVER = _kubernetes("kube-apiserver")
CONTROLLERS = _kubernetes("kube-controller-manager")
SCHEDULER = _kubernetes("kube-scheduler")
VELERO = Part(
    name="velero",
    tool="velero",
    module="github.com/vmware-tanzu/velero",
    package="github.com/vmware-tanzu/velero/cmd/velero",
)
KWOK = Part(
    name="kwok", tool="kwok", module="sigs.k8s.io/kwok", package="sigs.k8s.io/kwok/cmd/kwok"
)
AWS_PLUGIN = Part(
    name="velero-plugin-for-aws",
    tool="aws",
    module="github.com/vmware-tanzu/velero-plugin-for-aws",
    package="github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws",
    folder=PLUGINS,
)
PARTS = (ETCD, API_SERVER, CONTROLLERS, SCHEDULER, VELERO, KWOK, AWS_PLUGIN)

KUBELET = _kubernetes("kubelet")
PROXY = _kubernetes("kube-proxy")
KUBECTL = _kubernetes("kubectl")
COREDNS = Part(
    name="coredns",
    tool="coredns",
    module="github.com/coredns/coredns",
    package="github.com/coredns/coredns",
)
RESTORE_HELPER = Part(
    name="velero-restore-helper",
    tool="velero",
    module="github.com/vmware-tanzu/velero",
    package="github.com/vmware-tanzu/velero/cmd/velero-restore-helper",
)
# For looking into a repository of volumes by hand; no test needs it.
KOPIA = Part(
    name="kopia",
    tool="kopia",
    module="github.com/project-velero/kopia",
    package="github.com/kopia/kopia",
)
# Velero runs it beside itself for volumes that are backed up by restic, and 1.17 and 1.18 only
# to restore them.
RESTIC = Part(
    name="restic",
    tool="restic",
    module="github.com/restic/restic",
    package="github.com/restic/restic/cmd/restic",
)
OLD_VELEROS = ("1.10.3", "1.11.1", "1.13.2", "1.14.0", "1.15.2", "1.16.2", "1.17.2")
"""The versions that backups of the corpus are made with, besides the lab's own."""


def old_velero(version: str, name: str = "velero") -> Part:
    """A program of an older Velero: `velero` or `velero-restore-helper`."""
    module = "github.com/vmware-tanzu/velero"
    return Part(
        name=name,
        tool=f"velero-{version}",
        module=module,
        package=f"{module}/cmd/{name}",
        folder=BUILD / "veleros" / version,
    )


NODE_PARTS = (KUBELET, PROXY, KUBECTL, COREDNS, RESTORE_HELPER, RESTIC)
"""What a node with real pods needs besides."""

CSI_PROVISIONER = Part(
    name="csi-provisioner",
    tool="csi",
    module="github.com/kubernetes-csi/external-provisioner/v5",
    package="github.com/kubernetes-csi/external-provisioner/v5/cmd/csi-provisioner",
)
CSI_SNAPSHOTTER = Part(
    name="csi-snapshotter",
    tool="csi",
    module="github.com/kubernetes-csi/external-snapshotter/v8",
    package="github.com/kubernetes-csi/external-snapshotter/v8/cmd/csi-snapshotter",
)
SNAPSHOT_CONTROLLER = Part(
    name="snapshot-controller",
    tool="csi",
    module="github.com/kubernetes-csi/external-snapshotter/v8",
    package="github.com/kubernetes-csi/external-snapshotter/v8/cmd/snapshot-controller",
)
CSI_DRIVER = Part(
    name="csi-driver",
    tool="csi",
    module="github.com/container-storage-interface/spec",
    package="./driver",
)
CSI_PARTS = (CSI_DRIVER, CSI_PROVISIONER, CSI_SNAPSHOTTER, SNAPSHOT_CONTROLLER)
"""What gives a real node CSI volumes and snapshots of them; it comes up without them, too."""
SNAPSHOT_KINDS = "github.com/kubernetes-csi/external-snapshotter/client/v8"
SNAPSHOT_CRDS = BUILD / "snapshot-crds"
"""The definitions of snapshot kinds, copied out of the module that has them."""


def missing_parts(wanted: Iterable[Part] = PARTS) -> tuple[str, ...]:
    """Names of the parts that are not built yet."""
    return tuple(part.name for part in wanted if not os.access(part.path, os.X_OK))


def copy_snapshot_kinds() -> None:
    """Copies the definitions of snapshot kinds out of Go's module cache.

    Raises:
        LabError: Go does not have the module; its own words are in the message.
    """
    done = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", SNAPSHOT_KINDS],  # noqa: S607 - any Go will do
        cwd=LAB / "tools" / CSI_DRIVER.tool,
        env=_go_environment(),
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    found = sorted(Path(done.stdout.strip() or ".").glob("config/crd/snapshot.storage.k8s.io_*"))
    if not found:
        raise LabError(f"go has no definitions of snapshot kinds: {done.stderr[-3000:]}")
    SNAPSHOT_CRDS.mkdir(parents=True, exist_ok=True)
    for file in found:
        shutil.copyfile(file, SNAPSHOT_CRDS / file.name)


def _linker_flags(part: Part) -> str:
    version = part.version
    flags = "-s -w"
    if part.tool == "kubernetes":
        major, minor, _ = version.removeprefix("v").split(".")
        for key, value in (("gitVersion", version), ("gitMajor", major), ("gitMinor", minor)):
            flags += f" -X {_KUBERNETES_VERSION}.{key}={value}"
    if part.tool.startswith("velero"):
        flags += f" -X {_VELERO_VERSION}={version} -X {_VELERO_SECOND_METRICS}=0"
    return flags


def _go_environment() -> dict[str, str]:
    # Two compilers at once: the machine is shared, and the linker alone takes 2 GB.
    return {**os.environ, "GOFLAGS": "-p=2 -mod=readonly -buildvcs=false", "CGO_ENABLED": "0"}


def _check_room(*places: Path) -> None:
    """Refuses to fill the disk: a build that fails half way takes everything else with it."""
    for place in places:
        free = shutil.disk_usage(place).free
        if free < ROOM_BYTES:
            raise LabError(
                f"only {free / GIB:.1f} GiB of disk are free below {place}; building needs"
                f" {ROOM_BYTES / GIB:.0f} GiB at a time, about 15 GiB in all"
            )


def build_part(part: Part) -> None:
    """Builds one part from the Go module proxy.

    Raises:
        LabError: Go is not installed, the disk is nearly full, or the build failed; Go's own
            words are in the message.
    """
    go = shutil.which("go")
    if go is None:
        raise LabError("Go is not installed; install Go 1.26 or newer, then build again")
    _check_room(LAB, Path.home())
    part.folder.mkdir(parents=True, exist_ok=True)
    # Built beside its place and moved in, so that an interrupted build leaves no half program.
    fresh = part.path.with_suffix(".new")
    # Trimmed: programs log where their lines come from, and that is no place on this machine.
    command = [
        go, "build", "-trimpath", "-ldflags", _linker_flags(part), "-o", str(fresh), part.package,
    ]  # fmt: skip
    done = subprocess.run(
        ["nice", "-n", "10", *command],  # noqa: S607 - any nice will do
        cwd=LAB / "tools" / part.tool,
        env=_go_environment(),
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise LabError(f"go could not build {part.name} {part.version}:\n{done.stderr[-3000:]}")
    fresh.replace(part.path)
