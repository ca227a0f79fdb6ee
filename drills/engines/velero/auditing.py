"""Velero's own settings that endanger its backups.

In: the site. Out: schedules and findings. Source: Velero v1.18 `pkg/repository/keys/keys.go`:
without a Secret of the user's, the server makes one with a password that stands in its public
source, and the volume repositories are encrypted with that.
"""

import base64
import binascii
import hashlib
import hmac

from drills import objects
from drills.engine import EngineAudit
from drills.engines.velero.kinds import SCHEDULE
from drills.engines.velero.remarks import note
from drills.engines.velero.site import Site
from drills.errors import Forbidden, NotServed
from drills.findings import Cause, Finding, warning
from drills.ports import Kind

SECRET = Kind("v1", "Secret")
CREDENTIALS = "velero-repo-credentials"
KEY = "repository-password"
DEFAULT_DIGEST = "0938e9d99fe8eac6b7f0c2f7626a4e364c89f3be450ce9e6d81184f0c120b8b8"
"""SHA-256 of the literal, so that no scanner takes this file for a leak."""


def audit(site: Site) -> EngineAudit:
    """Return the schedules in force and what is risky; raises Unreachable."""
    schedules, findings = _schedules(site)
    return EngineAudit(schedules=schedules, findings=(*findings, *_password(site)))


def _schedules(site: Site) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """Return name and cron line of each Schedule that Velero runs; paused ones are told."""
    try:
        found = site.ports.cluster.list(SCHEDULE, site.namespace)
    except (Forbidden, NotServed) as error:
        what = f"The Schedules could not be listed: {error}."
        right = "Allow list on schedules.velero.io, so that missed runs are known exactly."
        return {}, (note("schedules-not-looked-at", "schedules", what, right),)
    running = {
        objects.name(one): objects.text(one, "spec", "schedule")
        for one in found
        if objects.dig(one, "spec", "paused") is not True
    }
    paused = [objects.name(one) for one in found if objects.name(one) not in running]
    return running, tuple(_paused(name) for name in sorted(paused))


def _paused(name: str) -> Finding:
    return warning(
        "schedule-paused",
        f"schedule {name}",
        f"Schedule {name} is paused: it takes no backups.",
        "Unpause it, or delete it where it is no longer wanted.",
        cause=Cause.CONFIGURATION,
    )


def _password(site: Site) -> tuple[Finding, ...]:
    subject = f"secret {site.namespace}/{CREDENTIALS}"
    try:
        found = site.ports.cluster.get(SECRET, site.namespace, CREDENTIALS)
    except Forbidden:
        return (_not_looked_at(subject),)
    if found is None or not _is_default(objects.text(found, "data", KEY)):
        return ()
    return (
        warning(
            "repository-password-default",
            subject,
            "Volume data is encrypted with the password that Velero's public source names, so "
            "whoever can read the bucket can read the volumes.",
            "Set a password of your own in a new Velero installation before its first volume "
            "backup; repositories that exist keep theirs, so change it with kopia's own tool.",
            cause=Cause.CONFIGURATION,
        ),
    )


def _is_default(encoded: str) -> bool:
    try:
        password = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    digest = hashlib.sha256(password.strip()).hexdigest()
    return hmac.compare_digest(digest, DEFAULT_DIGEST)


def _not_looked_at(subject: str) -> Finding:
    return note(
        "repository-password-not-looked-at",
        subject,
        "Whether the volume repositories use Velero's default password is unknown: the right to "
        "read this Secret is not there.",
        f"To have it looked at, allow get on this one Secret (resourceNames: [{CREDENTIALS}]).",
    )
