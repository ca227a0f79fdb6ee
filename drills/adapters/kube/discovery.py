"""How the cluster serves a kind, asked per group version when first needed.

In: a Kind or `plural.group`. Out: a ServedKind and the path of its collection. What was found is
remembered; what was not is asked again, since a CRD may have been installed meanwhile.
"""

import copy
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Self
from urllib.parse import quote

from drills import objects
from drills.adapters.kube.asking import Asker
from drills.adapters.kube.refusals import refusal
from drills.adapters.kube.wire import Request
from drills.errors import NotServed
from drills.ports import Kind, ServedKind

SHORT_PATIENCE = 3.0
"""Seconds for a group whose own server is away: the others answer all the same."""


class Discovery:
    """A cache of what is served. Safe for many threads; what one asks for the others wait for."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self._lock = threading.Lock()
        self._by_kind: dict[Kind, ServedKind] = {}
        self._by_resource: dict[str, ServedKind] = {}
        self._by_group: dict[str, tuple[str, ...]] = {}
        self._asking: dict[str, threading.Lock] = {}
        """For each group, and each of its versions, who asks about it now."""

    def asked_by(self, asker: Asker) -> Self:
        """Return a view with the same memory that asks through another asker."""
        view = copy.copy(self)
        view.asker = asker
        return view

    def kind(self, kind: Kind) -> ServedKind:
        """Return how `kind` is served; raises NotServed."""
        known = self._by_kind.get(kind)
        if known is None:
            with self._alone(kind.api_version):
                known = self._by_kind.get(kind)
                if known is None:
                    self._remember(self._served_by(kind.api_version))
                    known = self._by_kind.get(kind)
        if known is None:
            raise NotServed(
                f"the cluster does not serve {kind.api_version} {kind.kind}",
                hint="install the API it belongs to (its CRD), or correct apiVersion and kind",
            )
        return known

    def resource(self, resource: str) -> ServedKind:
        """Return how `plural.group` is served, preferred version first; raises NotServed."""
        known = self._by_resource.get(resource)
        if known is not None:
            return known
        group = resource.partition(".")[2]
        versions = self._versions(group)
        found = self._in_versions(resource, versions)
        if found is None and group and versions:
            # They may be from memory; a group that is not there was asked for just now.
            newer = [v for v in self._versions_now(group) if v not in versions]
            found = self._in_versions(resource, newer)
        if found is None:
            raise NotServed(
                f"the cluster does not serve {resource}", hint="install the API it belongs to"
            )
        self._by_resource[resource] = found
        return found

    def versions(self) -> tuple[str, ...]:
        """Return each group's preferred version, the core's first."""
        document = self._document("/apis", "discover the groups")
        groups = objects.items(document, "groups")
        found = [objects.text(group, "preferredVersion", "groupVersion") for group in groups]
        return ("v1", *(version for version in found if version))

    def kinds_of(self, api_version: str) -> tuple[ServedKind, ...]:
        """Return the kinds of one version; one whose own server is away is soon given up."""
        found = self._served_by(api_version, patience=SHORT_PATIENCE)
        self._remember(found)
        return found

    def _in_versions(self, resource: str, versions: Iterable[str]) -> ServedKind | None:
        found = (self._in_version(resource, version) for version in versions)
        return next((served for served in found if served is not None), None)

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """Let one thread at a time ask about a group or version; the next finds what it learnt."""
        with self._lock:
            lock = self._asking.setdefault(what, threading.Lock())
        with lock:
            yield

    def _in_version(self, resource: str, api_version: str) -> ServedKind | None:
        """Return the resource as one version serves it, from memory where it is known."""
        with self._alone(api_version):
            known = self._remembered(resource, api_version)
            if known is None:
                self._remember(self._served_by(api_version))
                known = self._remembered(resource, api_version)
            return known

    def _remembered(self, resource: str, api_version: str) -> ServedKind | None:
        with self._lock:
            kinds = tuple(self._by_kind.values())
        return next(
            (k for k in kinds if k.api_version == api_version and k.resource == resource), None
        )

    def _remember(self, found: Iterable[ServedKind]) -> None:
        with self._lock:
            for served in found:
                self._by_kind[Kind(served.api_version, served.kind)] = served

    def _versions(self, group: str) -> tuple[str, ...]:
        if not group:
            return ("v1",)
        with self._alone(group):
            if group not in self._by_group:
                found = self._versions_now(group)
                if not found:
                    return ()
                self._by_group[group] = found
            return self._by_group[group]

    def _versions_now(self, group: str) -> tuple[str, ...]:
        document = self._document(f"/apis/{quote(group, safe='')}", f"discover {group}")
        preferred = objects.text(document, "preferredVersion", "groupVersion")
        every = [
            objects.text(version, "groupVersion") for version in objects.items(document, "versions")
        ]
        return tuple(dict.fromkeys(version for version in [preferred, *every] if version))

    def _served_by(
        self, api_version: str, *, patience: float | None = None
    ) -> tuple[ServedKind, ...]:
        root = "/apis/" if "/" in api_version else "/api/"
        document = self._document(
            root + quote(api_version), f"discover {api_version}", patience=patience
        )
        return tuple(
            _served(api_version, entry)
            for entry in objects.items(document, "resources")
            if "/" not in objects.text(entry, "name")
        )

    def _document(
        self, path: str, what: str, *, patience: float | None = None
    ) -> Mapping[str, object]:
        answer = self.asker.freely(Request(what=what, method="GET", path=path), patience=patience)
        if answer.status == HTTPStatus.NOT_FOUND:
            return {}
        if answer.status != HTTPStatus.OK:
            raise refusal(what, answer)
        return answer.document()


def collection(served: ServedKind, namespace: str = "") -> str:
    """Return the path of all objects of a kind, in one namespace or ('') in the cluster."""
    root = "/apis/" if "/" in served.api_version else "/api/"
    inside = f"/namespaces/{quote(namespace, safe='')}" if namespace and served.namespaced else ""
    return f"{root}{served.api_version}{inside}/{served.plural}"


def single(served: ServedKind, namespace: str, name: str) -> str:
    """Return the path of one object."""
    return f"{collection(served, namespace)}/{quote(name, safe='')}"


def _served(api_version: str, entry: object) -> ServedKind:
    verbs = objects.items(entry, "verbs")
    return ServedKind(
        api_version=api_version,
        kind=objects.text(entry, "kind"),
        plural=objects.text(entry, "name"),
        namespaced=objects.dig(entry, "namespaced") is True,
        verbs=frozenset(verb for verb in verbs if isinstance(verb, str)),
    )
