"""The control plane's programs: etcd, API server, controllers, scheduler.

In comes an empty `run/` folder, out come running processes and `run/kubeconfig`. Flags that
look odd have their reasons beside them.
"""

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab import parts
from tests.lab.certificates import Authority, Pair, server_hosts, write_kubeconfig
from tests.lab.processes import RUN, Process, free_port, machine_address, start, wait_until

KUBECONFIG = RUN / "kubeconfig"
CERTIFICATES = RUN / "certificates"
MANIFESTS = parts.LAB / "manifests"
_LOCAL = "127.0.0.1"
_READY_SECONDS = 60.0
_ASK_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Addresses and ports of one lab; chosen free at each start."""

    address: str
    etcd: int
    api: int
    controllers: int
    scheduler: int
    kubelet: int
    web: int
    s3: int
    velero_metrics: int
    velero_profiler: int


def choose_places() -> Places:
    """Picks free ports and this machine's own address, and writes them to `run/places.json`."""
    address = machine_address()
    names = [name for name in Places.__dataclass_fields__ if name != "address"]
    ports: dict[str, int] = {}
    for name in names:
        port = free_port(address if name == "web" else _LOCAL)
        while port in ports.values():
            port = free_port()
        ports[name] = port
    places = Places(address=address, **ports)
    text = json.dumps(asdict(places), indent=2)
    (RUN / "places.json").write_text(text, encoding="utf-8")
    return places


def read_places() -> Places:
    """What `choose_places` wrote, for a lab that runs already."""
    return Places(**json.loads((RUN / "places.json").read_text(encoding="utf-8")))


def start_control_plane(places: Places) -> Pair:
    """Starts etcd, the API server, the controllers and the scheduler.

    Returns:
        The certificate that all servers of the lab share.

    Raises:
        LabError: A program ended or was not ready in time.
    """
    authority = Authority(CERTIFICATES)
    url = f"https://{_LOCAL}:{places.api}"
    server = authority.issue("server", user="lab-server", hosts=server_hosts(places.address))
    admin = authority.issue("admin", user="lab-admin", group="system:masters")
    write_kubeconfig(KUBECONFIG, url, authority, admin)
    for user in ("kube-controller-manager", "kube-scheduler"):
        pair = authority.issue(user, user=f"system:{user}")
        write_kubeconfig(CERTIFICATES / f"{user}.kubeconfig", url, authority, pair)
    signing_key = authority.service_account_key()

    _start_etcd(places)
    _start_api_server(places, authority, server, signing_key)
    _start_controllers(places, authority, signing_key)
    start(
        "kube-scheduler",
        [
            *_component(parts.SCHEDULER, places.scheduler),
            f"--kubeconfig={CERTIFICATES / 'kube-scheduler.kubeconfig'}",
        ],
    )
    return server


def _component(part: parts.Part, port: int) -> list[str]:
    return [
        str(part.path),
        f"--bind-address={_LOCAL}",
        f"--secure-port={port}",
        "--leader-elect=false",
    ]


def _start_etcd(places: Places) -> None:
    client = f"http://{_LOCAL}:{places.etcd}"
    # The peer address is only for members; etcd insists on one, and port 0 is never dialled.
    peer = f"http://{_LOCAL}:0"
    start(
        "etcd",
        [
            str(parts.ETCD.path),
            f"--data-dir={RUN / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        ],
    )


def _start_api_server(places: Places, authority: Authority, pair: Pair, signing_key: Path) -> None:
    kubelet = authority.issue("kubelet-client", user="kubelet-client", group="system:masters")
    process = start(
        "kube-apiserver",
        [
            str(parts.API_SERVER.path),
            f"--etcd-servers=http://{_LOCAL}:{places.etcd}",
            f"--bind-address={_LOCAL}",
            f"--advertise-address={places.address}",
            f"--secure-port={places.api}",
            # No pod dials 10.96.0.1 here, so the kubernetes Service needs no endpoints.
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            f"--client-ca-file={authority.certificate}",
            f"--tls-cert-file={pair.certificate}",
            f"--tls-private-key-file={pair.key}",
            f"--service-account-key-file={signing_key}",
            f"--service-account-signing-key-file={signing_key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            # Without the preferred type, exec and logs try to resolve the node's name and fail.
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-certificate-authority={authority.certificate}",
            f"--kubelet-client-certificate={kubelet.certificate}",
            f"--kubelet-client-key={kubelet.key}",
        ],
    )
    wait_until("ready API server", api_ready, seconds=_READY_SECONDS, process=process)


def api_ready() -> bool:
    """Whether the API server says that it is ready."""
    if not (CERTIFICATES / "admin.crt").exists():
        return False
    context = ssl.create_default_context(cafile=str(CERTIFICATES / "ca.crt"))
    # The lab's own authority carries no key identifiers, which strict checking asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.load_cert_chain(CERTIFICATES / "admin.crt", CERTIFICATES / "admin.key")
    request = f"https://{_LOCAL}:{read_places().api}/readyz"
    try:
        with urllib.request.urlopen(request, timeout=_ASK_SECONDS, context=context) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _start_controllers(places: Places, authority: Authority, signing_key: Path) -> Process:
    return start(
        "kube-controller-manager",
        [
            *_component(parts.CONTROLLERS, places.controllers),
            f"--kubeconfig={CERTIFICATES / 'kube-controller-manager.kubeconfig'}",
            f"--service-account-private-key-file={signing_key}",
            f"--root-ca-file={authority.certificate}",
            "--use-service-account-credentials",
        ],
    )
