"""KubeCluster: the Cluster port, put together from the parts of this package.

In: a Wire and a Clock. Out: every verb of `drills.cluster.Cluster`; this file decides nothing
itself, it only names which part answers.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from http import HTTPStatus
from typing import Self

from drills import objects
from drills.adapters.kube import abilities, listing, rights, running, watching, writing
from drills.adapters.kube.asking import Asker
from drills.adapters.kube.conversation import Conversation
from drills.adapters.kube.discovery import Discovery
from drills.adapters.kube.elsewhere import look_elsewhere
from drills.adapters.kube.forwarding import PodStream, Stream, forward
from drills.adapters.kube.refusals import refusal
from drills.adapters.kube.service_http import ask_service
from drills.adapters.kube.services import NotListening, endpoint_of
from drills.adapters.kube.tls_stream import TlsStream
from drills.adapters.kube.tunnel import PodTunnel
from drills.adapters.kube.wire import Request, Wire
from drills.cluster import (
    PATIENCE_SECONDS,
    Abilities,
    Change,
    ExecAnswer,
    HttpAnswer,
    HttpRequest,
    Kind,
    LogAnswer,
    ServedKind,
    TlsWish,
)
from drills.objects import KubeObject
from drills.ports import Clock, Deadline

FAREWELL_SECONDS = 0.5
"""How much longer than its time a tunnel stays, so that a server can say that it took too long."""
NAMESPACE = Kind("v1", "Namespace")


class KubeCluster:
    """One cluster, shared by any number of concurrent drills."""

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        *,
        patience: float = PATIENCE_SECONDS,
        timing: watching.Timing | None = None,
        discovery: Discovery | None = None,
    ) -> None:
        self._asker = Asker(wire, clock, patience)
        self._discovery = discovery.asked_by(self._asker) if discovery else Discovery(self._asker)
        self._timing = timing or watching.Timing()

    def with_clock(self, clock: Clock) -> Self:
        """Return the same cluster for another drill: connections and discovery are shared."""
        return type(self)(
            self._asker.wire,
            clock,
            patience=self._asker.patience,
            timing=self._timing,
            discovery=self._discovery,
        )

    def close(self) -> None:
        """Close the pooled connections, of every clock's view of this cluster."""
        self._asker.wire.close()

    @cached_property
    def _version(self) -> str:
        request = Request(what="ask for the version", method="GET", path="/version")
        answer = self._asker.freely(request)
        if answer.status != HTTPStatus.OK:
            raise refusal(request.what, answer)
        return objects.text(answer.document(), "gitVersion")

    @cached_property
    def _identity(self) -> str:
        found = self.get(NAMESPACE, "", "kube-system")
        return objects.uid(found)

    @property
    def embedded(self) -> bool:
        """Return True for the embedded cluster, which adds `+embedded` to its version."""
        return "+embedded" in self._version

    def version(self) -> str:
        """Return the server's gitVersion."""
        return self._version

    def abilities(self) -> Abilities:
        """Return what the cluster can do: a real one all, the embedded one what it says."""
        return abilities.told_by(self._asker) if self.embedded else Abilities()

    def identity(self) -> str:
        """Return the uid of kube-system, '' where there is none."""
        return self._identity

    def served(self, kind: Kind) -> ServedKind:
        """Return how `kind` is served; raises NotServed."""
        return self._discovery.kind(kind)

    def served_resource(self, resource: str) -> ServedKind:
        """Return how `plural.group` is served in its preferred version; raises NotServed."""
        return self._discovery.resource(resource)

    def versions(self) -> Sequence[str]:
        """Return each group's preferred version."""
        return self._discovery.versions()

    def kinds_of(self, api_version: str) -> Sequence[ServedKind]:
        """Return the kinds of one version, as the server tells now."""
        return self._discovery.kinds_of(api_version)

    def get(self, kind: Kind, namespace: str, name: str) -> KubeObject | None:
        """Return the object, or None where it is not there."""
        return listing.read_one(self._asker, self.served(kind), namespace, name)

    def list(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        metadata_only: bool = False,
    ) -> Sequence[KubeObject]:
        """Return all objects, read in pages."""
        selection = listing.Selection(
            served=self.served(kind), namespace=namespace, labels=labels, fields=fields
        )
        return listing.read_all(self._asker, selection, metadata_only=metadata_only)[0]

    def create(self, obj: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """Create `obj` where its metadata says."""
        return writing.create(self._asker, self.served(_kind(obj)), obj, dry_run=dry_run)

    def patch(
        self, kind: Kind, namespace: str, name: str, patch: KubeObject, *, dry_run: bool = False
    ) -> KubeObject:
        """Merge-patch the object."""
        return writing.patch(
            self._asker, self.served(kind), namespace, name, patch, dry_run=dry_run
        )

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
        """Delete the object only while its uid is `uid`, and its resourceVersion `version`."""
        writing.delete(
            self._asker,
            self.served(kind),
            namespace,
            name,
            preconditions={"uid": uid} | ({"resourceVersion": version} if version else {}),
            propagation=propagation,
        )

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
        """Yield the present objects, SYNCED, then every change until `stop()` is true."""
        selection = listing.Selection(
            served=self.served(kind),
            namespace=namespace,
            labels=labels,
            fields=f"metadata.name={name}" if name else "",
        )
        yield from watching.follow(
            watching.Reader(self._asker, selection, self._timing), stop, idle
        )

    def _until(self, deadline: Deadline) -> tuple[Asker, Self]:
        """Return our asker, and ourselves, waiting for nothing longer than until a moment."""
        hurried, asker = copy.copy(self), self._asker.until(deadline)
        hurried._asker, hurried._discovery = asker, self._discovery.asked_by(asker)  # noqa: SLF001
        return asker, hurried

    def http(self, request: HttpRequest, *, timeout: float) -> HttpAnswer:
        """Ask over port-forward or the API server's proxy."""
        deadline = self._asker.deadline(timeout)
        asker, hurried = self._until(deadline)
        return ask_service(asker, hurried, request, deadline)

    @contextmanager
    def connect(
        self,
        namespace: str,
        target: str,
        port: str,
        *,
        timeout: float,
        tls: TlsWish | None = None,
    ) -> Iterator[Conversation]:
        """Open a byte stream to `service/NAME` or `pod/NAME`; a refusal shows in `exchange`."""
        deadline = self._asker.deadline(timeout)
        with self._forwarded(namespace, target, port, deadline) as stream:
            inner: Stream = stream
            if tls is not None:
                name = tls.server_name or target.partition("/")[2]
                try:
                    inner = TlsStream(stream, replace(tls, server_name=name), deadline)
                except TimeoutError as error:
                    raise NotListening(f"{target} {port}: no TLS in {timeout:g} s") from error
            yield Conversation(inner, deadline, simulated=stream.simulated)

    @contextmanager
    def _forwarded(
        self, namespace: str, target: str, port: str, deadline: Deadline
    ) -> Iterator[PodStream]:
        asker, hurried = self._until(deadline)
        endpoint = endpoint_of(hurried, namespace, target, port)
        explain = partial(look_elsewhere, asker, namespace, endpoint, deadline)
        stream = forward(asker, namespace, endpoint, deadline.left, explain)
        try:
            yield stream
        finally:
            stream.close()

    @contextmanager
    def stream(
        self, namespace: str, target: str, port: str, *, timeout: float
    ) -> Iterator[PodTunnel]:
        """Open a tunnel to `service/NAME` or `pod/NAME` for at most `timeout` seconds."""
        deadline = self._asker.deadline(timeout)
        with (
            self._forwarded(namespace, target, port, deadline) as stream,
            PodTunnel(
                stream,
                f"{target} {port} in {namespace}",
                timeout,
                left=deadline.left + FAREWELL_SECONDS,
            ) as tunnel,
        ):
            yield tunnel

    def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        command: Sequence[str],
        *,
        timeout: float,
    ) -> ExecAnswer:
        """Run `command` in a container ('' for the first)."""
        return running.execute(self._asker, namespace, pod, container, command, timeout)

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
        return running.read_log(
            self._asker,
            namespace,
            pod,
            container,
            tail=tail,
            since=since,
            previous=previous,
            seconds=timeout,
        )

    def may(self, verb: str, resource: str, namespace: str) -> bool:
        """Return whether we hold a right; resource is `plural.group` or `plural/subresource`."""
        return rights.may(self._asker, verb, resource, namespace)


def _kind(obj: KubeObject) -> Kind:
    return Kind(objects.text(obj, "apiVersion"), objects.text(obj, "kind"))
