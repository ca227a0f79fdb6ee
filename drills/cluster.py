"""The Cluster port: one Kubernetes cluster as a drill sees it.

Implemented in `drills.adapters.kube`; names are re-exported by `drills.ports`.
"""

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from drills.errors import DrillError
from drills.objects import KubeObject


class Way(StrEnum):
    """A way by which a probe gets at what runs in a container."""

    HTTP = "http"
    """A request to a Service or pod."""
    BYTES = "bytes"
    """What is sent to a port, and what comes back."""
    TUNNEL = "tunnel"
    """A port as a local socket."""
    EXEC = "exec"
    """A command in the container."""
    LOGS = "logs"
    """What the container wrote."""


class VolumeMeans(StrEnum):
    """What a volume's data comes back by, whatever the engine calls it."""

    FILES = "file-system backup"
    CSI_SNAPSHOT = "CSI snapshot"
    NATIVE_SNAPSHOT = "native snapshot"
    DATA_MOVEMENT = "snapshot data movement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a cluster can do beyond keeping objects. A real one sets no limits of its own."""

    name: str = "this cluster"
    """What the cluster is called where it says what it cannot do."""
    ways: frozenset[Way] | None = None
    """Ways in which somebody answers for containers; None where containers run."""
    volumes: frozenset[VolumeMeans] | None = None
    """Means by which data comes back; None where that is for its storage to say."""

    def answers_probe(self, any_of: frozenset[Way]) -> bool:
        """Return whether a probe that may go any of these ways can be answered at all."""
        return not any_of or self.ways is None or bool(self.ways & any_of)

    def fills(self, means: VolumeMeans) -> bool:
        """Return whether a volume's data can come back by these means."""
        return self.volumes is None or means in self.volumes


@dataclass(frozen=True, slots=True)
class Kind:
    """An API kind: `Kind("apps/v1", "Deployment")`."""

    api_version: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedKind:
    """How the cluster serves a kind, from discovery."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()

    @property
    def resource(self) -> str:
        """Return `plural.group`, core without a dot."""
        group = self.api_version.rpartition("/")[0]
        return f"{self.plural}.{group}" if group else self.plural


class ChangeType(StrEnum):
    """What a watch reports; SYNCED says that the first listing is complete."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    SYNCED = "SYNCED"


@dataclass(frozen=True, slots=True)
class Change:
    """One report of a watch; `object` is empty for SYNCED."""

    type: ChangeType
    object: KubeObject


PATIENCE_SECONDS = 60.0
"""How long an absent API server is waited for, in every stage and whatever a probe's retries."""
LONGEST_BODY = 16 * 1024 * 1024
"""Bytes of a body that are read unless the question says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """What a client shows where TLS asks for it: PEM texts."""

    certificate: str = field(repr=False)
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What to ask of a Service or pod."""

    namespace: str
    target: str
    """`service/NAME` or `pod/NAME`."""
    port: str
    path: str = "/"
    scheme: str = "http"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    server_name: str = ""
    """The name to ask for in TLS (SNI); left out, the target's."""
    certificate: ClientCertificate | None = None
    via: str = "auto"
    """`auto`, `portForward` or `proxy`."""
    max_body: int = LONGEST_BODY
    """Bytes of the body that are read at most."""

    @property
    def name(self) -> str:
        """Return the name of the Service or pod."""
        return self.target.partition("/")[2]

    @property
    def what(self) -> str:
        """Return `GET http://shop.backup-test:80/healthz`, without the query."""
        place = f"{self.name}.{self.namespace}:{self.port}"
        return f"{self.method} {self.scheme}://{place}{self.path.partition('?')[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What a Service answered. `via` is `proxy` or `portForward`."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """In the order they came; a name that came several times is here several times."""
    body: bytes
    seconds: float
    via: str
    simulated: bool = False
    whole: bool = True
    """Whether the body is all of it; False where it is longer than the question allows."""

    def values(self, name: str) -> tuple[str, ...]:
        """Return all values of a header, whatever the case of its name."""
        wanted = name.lower()
        return tuple(value for found, value in self.headers if found.lower() == wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecAnswer:
    """What a command in a container said."""

    exit_code: int
    stdout: str
    stderr: str
    simulated: bool = False
    cut: bool = False
    """Whether more was said than is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAnswer:
    """The lines of a container's log."""

    text: str
    simulated: bool = False
    cut: bool = False
    """Whether there is more than was read."""


class Ending(StrEnum):
    """Why listening stopped."""

    ENOUGH = "what was wanted came"
    CLOSED = "the other side closed"
    BROKEN = "the connection broke"
    QUIET = "nothing more came"
    TIME = "the time was over while it still spoke"
    LENGTH = "it said more than is read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came back over a connection, and why listening stopped."""

    data: bytes
    ending: Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsWish:
    """That a connection speaks TLS: the name to ask for, and what the client shows."""

    server_name: str = ""
    certificate: ClientCertificate | None = None


class Connection(Protocol):
    """A byte stream into a pod."""

    simulated: bool

    def exchange(
        self,
        data: bytes,
        *,
        timeout: float,
        pause: float | None = None,
        enough: Callable[[bytes], bool] | None = None,
    ) -> Heard:
        """Send `data` (may be empty) and return what came back within `timeout` seconds.

        Listening ends early where `enough` says so of all that came, or after the first bytes
        where nothing comes for `pause` seconds (None: only the time or the other side ends it).
        """
        ...


class Tunnel(Protocol):
    """A port of a pod as a local socket, for what speaks its own protocol, as databases do."""

    @property
    def socket(self) -> socket.socket:
        """Return our end: blocking, at its end when the tunnel is. Whoever uses it may close it."""
        ...

    @property
    def simulated(self) -> bool:
        """Return whether a stand-in answers."""
        ...

    @property
    def trouble(self) -> DrillError | None:
        """Return what ended the tunnel, None while it is open or where the pod ended it."""
        ...


class Cluster(Protocol):
    """One Kubernetes cluster. Every call has a time-out and retries what may be retried.

    Reads and watches ride out an API server that is away for a while (up to the adapter's
    patience, 60 s); writes are retried only where that cannot do them twice.
    Raises Forbidden, NotServed, AlreadyExists, Conflicted, Missing, OutsideRefused, Unreachable.
    """

    @property
    def embedded(self) -> bool:
        """Return True for the embedded cluster, by the server's own word (`/version`)."""
        ...

    def version(self) -> str:
        """Return the server's version, `v1.34.4`."""
        ...

    def abilities(self) -> Abilities:
        """Return what this cluster can do, by its own word; asked anew each time."""
        ...

    def identity(self) -> str:
        """Return the uid of namespace kube-system, which names the cluster itself."""
        ...

    def served(self, kind: Kind) -> ServedKind:
        """Return how `kind` is served; raises NotServed."""
        ...

    def served_resource(self, resource: str) -> ServedKind:
        """Return how `plural.group` is served in its preferred version; raises NotServed."""
        ...

    def versions(self) -> Sequence[str]:
        """Return each group's preferred version, `v1` and `apps/v1` among them."""
        ...

    def kinds_of(self, api_version: str) -> Sequence[ServedKind]:
        """Return the kinds of one version, asked anew and without much patience."""
        ...

    def get(self, kind: Kind, namespace: str, name: str) -> KubeObject | None:
        """Return the object, or None where it is not there."""
        ...

    def list(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        metadata_only: bool = False,
    ) -> Sequence[KubeObject]:
        """Return all objects, paged; namespace '' means the whole cluster."""
        ...

    def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """Create `obj` where its metadata says."""
        ...

    def patch(
        self, kind: Kind, namespace: str, name: str, patch: KubeObject, *, dry_run: bool = False
    ) -> KubeObject:
        """Merge-patch the object; put metadata.uid or resourceVersion in for a precondition."""
        ...

    def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        *,
        uid: str,
        version: str = "",
        propagation: str = "Background",
    ) -> None:
        """Delete the object only while its uid is `uid`; one that is gone is fine.

        With `version`, only while that is its resourceVersion too; raises Conflicted.
        """
        ...

    def watch(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        name: str = "",
        labels: str = "",
        stop: Callable[[], bool],
        idle: float = 1.0,
    ) -> Iterator[Change | None]:
        """Yield the present objects, SYNCED, then every change until `stop()` is true.

        Yields None at least every `idle` seconds so that callers look at their deadline.
        Survives 410, dropped and half-open connections by listing again (which may repeat
        objects; a vanished one is reported DELETED). Raises only what retrying cannot mend.
        """
        ...

    def http(self, request: HttpRequest, *, timeout: float) -> HttpAnswer:
        """Ask over port-forward to a ready pod behind the Service, or the API server's proxy.

        `timeout` is for all of it: both ways, from looking up the Service to the body's last byte.
        `request.via` auto prefers port-forward (not subject to network policy) and falls back to
        the proxy. Raises CannotAsk where no way leads there or the answer cannot be read whole,
        Missing where the Service has no ready endpoint or what answers breaks off.
        """
        ...

    def connect(
        self,
        namespace: str,
        target: str,
        port: str,
        *,
        timeout: float,
        tls: TlsWish | None = None,
    ) -> AbstractContextManager[Connection]:
        """Open a byte stream to `service/NAME` or `pod/NAME`; raises as `http` does."""
        ...

    def stream(
        self, namespace: str, target: str, port: str, *, timeout: float
    ) -> AbstractContextManager[Tunnel]:
        """Open a tunnel to `service/NAME` or `pod/NAME`; raises as `http` does.

        It ends by itself after `timeout` seconds, or when more comes back than a probe can want:
        then `trouble` says so.
        """
        ...

    def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        command: Sequence[str],
        *,
        timeout: float,
    ) -> ExecAnswer:
        """Run `command` in a container ('' for the first); raises CannotAsk, Missing."""
        ...

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        tail: int | None = None,
        since: float | None = None,
        previous: bool = False,
        timeout: float,
    ) -> LogAnswer:
        """Return a container's log; `since` in seconds, `previous`: before its last restart."""
        ...

    def may(self, verb: str, resource: str, namespace: str) -> bool:
        """Return whether we hold a right, by SelfSubjectAccessReview; resource `plural.group`."""
        ...
