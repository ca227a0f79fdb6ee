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
from tests.lab.processes import FAKE_NODE, Process, Run, free_port, machine_address, wait_until

KUBECONFIG = FAKE_NODE.kubeconfig
MANIFESTS = parts.LAB / "manifests"
_LOCAL = "127.0.0.1"
_READY_SECONDS = 60.0
_ASK_SECONDS = 3.0


_AUDITED = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    # What comes in is written down once, watches too, which may never end.
    "omitStages": ["ResponseStarted", "ResponseComplete"],
    # The administrator is whoever uses the kubeconfig: the tests, drills, Velero.
    "rules": [{"level": "Metadata", "users": ["lab-admin"]}, {"level": "None"}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Addresses and ports of one lab; chosen free at each start."""

    address: str
    """Where pods and web servers are found: an address that the API server passes requests to."""
    api_host: str
    """Where the API server is found."""
    etcd: int
    api: int
    controllers: int
    scheduler: int
    kubelet: int
    web: int
    s3: int
    velero_metrics: int
    velero_profiler: int


def choose_places(run: Run, address: str | None = None) -> Places:
    """Picks free ports and writes them to `places.json` in the lab's folder.

    Args:
        run: The lab's folder.
        address: A node's own address, where the API server listens too; without it, everything
            is on loopback but for what this machine's own address is needed for.
    """
    api_host = address or _LOCAL
    # The web server's port has to be free on the address that it will listen on.
    outside, address = address is None, address or machine_address()
    names = [name for name, of in Places.__annotations__.items() if of is int]
    ports: dict[str, int] = {}
    for name in names:
        port = free_port(address if outside and name == "web" else _LOCAL)
        while port in ports.values():
            port = free_port()
        ports[name] = port
    places = Places(address=address, api_host=api_host, **ports)
    text = json.dumps(asdict(places), indent=2)
    (run.folder / "places.json").write_text(text, encoding="utf-8")
    return places


def read_places(run: Run) -> Places:
    """What `choose_places` wrote, for a lab that runs already."""
    return Places(**json.loads((run.folder / "places.json").read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What the two kinds of lab say differently to the same programs."""

    api_server: tuple[str, ...]
    controllers: tuple[str, ...] = ()


LOOPBACK = Flags(
    api_server=(
        f"--bind-address={_LOCAL}",
        # No pod dials 10.96.0.1 here, so the kubernetes Service needs no endpoints.
        "--endpoint-reconciler-type=none",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Who signs, and with what."""

    authority: Authority
    server: Pair
    """The certificate that all servers of the lab share."""
    signing: Path
    """The key for tokens of ServiceAccounts."""


def start_control_plane(run: Run, places: Places, flags: Flags = LOOPBACK) -> Keys:
    """Starts etcd, the API server, the controllers and the scheduler.

    Returns:
        The keys, for whoever joins.

    Raises:
        LabError: A program ended or was not ready in time.
    """
    keys = _make_keys(run, places)
    _start_etcd(run, places)
    _start_api_server(run, places, keys, flags)
    _start_controllers(run, places, keys, flags)
    run.start(
        "kube-scheduler",
        [
            *_component(parts.SCHEDULER, places.scheduler),
            f"--kubeconfig={run.certificates / 'kube-scheduler.kubeconfig'}",
        ],
    )
    return keys


def _make_keys(run: Run, places: Places) -> Keys:
    authority = Authority(run.certificates)
    server = authority.issue("server", user="lab-server", hosts=server_hosts(places.address))
    admin = authority.issue("admin", user="lab-admin", group="system:masters")
    write_kubeconfig(run.kubeconfig, api_url(places), authority, admin)
    for user in ("kube-controller-manager", "kube-scheduler"):
        pair = authority.issue(user, user=f"system:{user}")
        write_kubeconfig(
            run.certificates / f"{user}.kubeconfig", api_url(places), authority, pair
        )  # fmt: skip
    return Keys(authority=authority, server=server, signing=authority.service_account_key())


def api_url(places: Places) -> str:
    """Where the API server is asked."""
    return f"https://{places.api_host}:{places.api}"


def _component(part: parts.Part, port: int) -> list[str]:
    return [
        str(part.path),
        f"--bind-address={_LOCAL}",
        f"--secure-port={port}",
        "--leader-elect=false",
    ]


def _start_etcd(run: Run, places: Places) -> None:
    client = f"http://{_LOCAL}:{places.etcd}"
    # The peer address is only for members; etcd insists on one, and port 0 is never dialled.
    peer = f"http://{_LOCAL}:0"
    run.start(
        "etcd",
        [
            str(parts.ETCD.path),
            f"--data-dir={run.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        ],
    )


def _start_api_server(run: Run, places: Places, keys: Keys, flags: Flags) -> None:
    authority, pair = keys.authority, keys.server
    kubelet = authority.issue("kubelet-client", user="kubelet-client", group="system:masters")
    policy = run.folder / "audit-policy.json"
    policy.write_text(json.dumps(_AUDITED), encoding="utf-8")
    process = run.start(
        "kube-apiserver",
        [
            str(parts.API_SERVER.path),
            *flags.api_server,
            f"--etcd-servers=http://{_LOCAL}:{places.etcd}",
            f"--advertise-address={places.address}",
            f"--secure-port={places.api}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            f"--client-ca-file={authority.certificate}",
            f"--tls-cert-file={pair.certificate}",
            f"--tls-private-key-file={pair.key}",
            f"--service-account-key-file={keys.signing}",
            f"--service-account-signing-key-file={keys.signing}",
            "--service-account-issuer=https://kubernetes.default.svc",
            # Without the preferred type, exec and logs try to resolve the node's name and fail.
            "--kubelet-preferred-address-types=InternalIP",
            f"--kubelet-certificate-authority={authority.certificate}",
            f"--kubelet-client-certificate={kubelet.certificate}",
            f"--kubelet-client-key={kubelet.key}",
            f"--audit-policy-file={policy}",
            f"--audit-log-path={run.audit}",
        ],
    )
    wait_until("ready API server", lambda: api_ready(run), seconds=_READY_SECONDS, process=process)


def api_ready(run: Run) -> bool:
    """Whether the API server says that it is ready."""
    if not (run.certificates / "admin.crt").exists():
        return False
    context = ssl.create_default_context(cafile=str(run.certificates / "ca.crt"))
    # The lab's own authority carries no key identifiers, which strict checking asks for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.load_cert_chain(run.certificates / "admin.crt", run.certificates / "admin.key")
    request = f"{api_url(read_places(run))}/readyz"
    try:
        with urllib.request.urlopen(  # noqa: S310 - our own server, by https
            request, timeout=_ASK_SECONDS, context=context
        ) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _start_controllers(run: Run, places: Places, keys: Keys, flags: Flags) -> Process:
    return run.start(
        "kube-controller-manager",
        [
            *_component(parts.CONTROLLERS, places.controllers),
            f"--kubeconfig={run.certificates / 'kube-controller-manager.kubeconfig'}",
            f"--service-account-private-key-file={keys.signing}",
            f"--root-ca-file={keys.authority.certificate}",
            *flags.controllers,
            "--use-service-account-credentials",
        ],
    )
