"""Asks the Velero server who it is, with a ServerStatusRequest that is removed again.

In: the Site. Out: versions for the report, and a finding where nobody answers.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from drills import objects
from drills.engines.velero.candidates import Locations
from drills.engines.velero.kinds import DEPLOYMENT, STATUS_REQUEST, V1
from drills.engines.velero.remarks import refused, unasked
from drills.engines.velero.site import Site
from drills.engines.velero.waiting import phase, wait_for
from drills.errors import DeadlinePassed, DrillError, Forbidden, Interrupted, Missing, NotServed
from drills.findings import Cause, Finding, warning
from drills.objects import KubeObject
from drills.ports import Deadline

NAME = "velero"
"""Of the server's Deployment, which Velero itself looks for by this name (from 1.16 on)."""
FIRST_SECONDS = 2.0
"""A healthy server answers within one; after these, one that is switched off is not waited for."""
ANSWER_SECONDS = 10.0
RECENTLY = timedelta(minutes=5)
"""The server validates its locations each minute, so a validation this fresh proves it alive."""
INSTALLED_KINDS = frozenset({"ObjectStore", "VolumeSnapshotter"})
"""Kinds of plugin that Velero itself brings none of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAnswer:
    """What the server said of itself."""

    version: str = ""
    plugins: tuple[str, ...] = ()
    finding: Finding | None = None
    clocks: Mapping[str, timedelta] = field(default_factory=dict)
    """How far the API server's clock and Velero's are ahead of ours."""

    def versions(self) -> dict[str, str]:
        """Return what goes into the report; empty where nothing is known."""
        known = {"velero": self.version, "veleroPlugins": ", ".join(self.plugins)}
        return {word: value for word, value in known.items() if value}


def ask_server(site: Site, locations: Locations) -> ServerAnswer:
    """Return version and plugins of the server, or the finding that says why not."""
    asked_at = site.ports.clock.now()
    try:
        answered = _ask(site)
    except (Forbidden, NotServed) as error:
        return ServerAnswer(
            finding=warning(
                "server-version-unknown",
                f"namespace {site.namespace}",
                f"The Velero server could not be asked for its version: {error}.",
                f"Allow create, watch and delete on serverstatusrequests in {site.namespace}.",
                cause=Cause.CONFIGURATION,
            )
        )
    except (DeadlinePassed, Missing):
        return ServerAnswer(finding=_silent(site, locations))
    except Interrupted:
        raise
    except DrillError as error:
        what = "The Velero server could not be asked"
        return ServerAnswer(finding=refused("server-not-asked", "velero server", error, what))
    return ServerAnswer(
        version=objects.text(answered, "status", "serverVersion"),
        plugins=_plugins(answered),
        clocks=_clocks(answered, asked_at, site.ports.clock.now()),
    )


def _clocks(answered: KubeObject, asked: datetime, now: datetime) -> dict[str, timedelta]:
    """Return how far each server's clock is outside of the time that the asking took.

    The API server dates what it creates, Velero what it answers; both write whole seconds.
    """
    instants = {
        "the API server": objects.instant(answered, "metadata", "creationTimestamp"),
        "the Velero server": objects.instant(answered, "status", "processedTimestamp"),
    }
    return {
        server: max(instant - now, timedelta(0)) + min(instant - asked, timedelta(0))
        for server, instant in instants.items()
        if instant is not None
    }


def _ask(site: Site) -> KubeObject:
    name = f"drill-{uuid.uuid4().hex[:12]}"
    request = site.make(
        {
            "apiVersion": V1,
            "kind": STATUS_REQUEST.kind,
            "metadata": {
                "name": name,
                "namespace": site.namespace,
                "labels": site.request_labels(),
            },
            "spec": {},
        }
    )
    try:
        return _answer(site, name, FIRST_SECONDS)
    except DeadlinePassed:
        if _deployment(site).wanted == 0:
            raise
        return _answer(site, name, ANSWER_SECONDS - FIRST_SECONDS)
    finally:
        site.discard(STATUS_REQUEST, request)


def _answer(site: Site, name: str, seconds: float) -> KubeObject:
    clock = site.ports.clock
    deadline = Deadline(clock=clock, at=clock.monotonic() + seconds)
    return wait_for(
        site, STATUS_REQUEST, name, lambda o: o if phase(o) == "Processed" else None, deadline
    )


def _plugins(answered: KubeObject) -> tuple[str, ...]:
    """Return the plugins somebody installed; the server's own thirty are the same everywhere."""
    found = objects.items(answered, "status", "plugins")
    return tuple(
        sorted(
            {
                name
                for plugin in found
                if (name := objects.text(plugin, "name"))
                and (
                    objects.text(plugin, "kind") in INSTALLED_KINDS
                    or not name.startswith("velero.io/")
                )
            }
        )
    )


@dataclass(frozen=True, slots=True)
class _Deployment:
    """What the Deployment of the server says; numbers are None where it could not be asked."""

    words: str
    wanted: int | None = None
    ready: int | None = None

    @property
    def down(self) -> bool:
        """Return whether it says that no server runs."""
        return self.ready == 0


def _deployment(site: Site) -> _Deployment:
    try:
        found = site.ports.cluster.get(DEPLOYMENT, site.namespace, NAME)
    except DrillError:
        return _Deployment("")
    if found is None:
        return _Deployment(f"there is no Deployment {NAME} here")
    wanted = objects.dig(found, "spec", "replicas")
    ready = objects.number(found, "status", "readyReplicas")
    if wanted == 0:
        return _Deployment(f"Deployment {NAME} is scaled to 0", 0, 0)
    return _Deployment(f"Deployment {NAME} has {ready} ready", 1, ready)


def _silent(site: Site, locations: Locations) -> Finding:
    """Say what the silence means; a server that somebody saw alive is called slow, not away."""
    where, deployment = f"namespace {site.namespace}", _deployment(site)
    seconds = FIRST_SECONDS if deployment.wanted == 0 else ANSWER_SECONDS
    said = f"The Velero server did not answer a status request within {seconds:.0f} s"
    site.health.silent = True
    if not deployment.down and _validated_recently(locations, site.ports.clock.now()):
        return warning(
            "server-version-unknown",
            where,
            f"{said}, though it validated a storage location lately.",
            "See whether its server-status-request controller is switched off.",
            cause=Cause.ENVIRONMENT,
        )
    if deployment.ready:
        return unasked(
            "server-silent",
            where,
            f"{said}, though {deployment.words}: it hangs, or is slow. A restore may not start.",
            "Look into the Velero server's log for why it does not answer.",
        )
    if deployment.down:
        site.health.away = f"no Velero server runs: {deployment.words}"
    return unasked(
        "server-silent",
        where,
        f"{said}{f'; {deployment.words}' if deployment.words else ''}. "
        "A restore would never start.",
        "Start the Velero server, or look into its log for why it does not answer.",
    )


def _validated_recently(locations: Locations, now: datetime) -> bool:
    instants = (objects.instant(o, "status", "lastValidationTime") for o in locations.values())
    return any(instant is not None and now - instant < RECENTLY for instant in instants)
