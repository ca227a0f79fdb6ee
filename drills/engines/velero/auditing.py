"""Velero's own settings that endanger its backups.

In: the site. Out: findings. Source: Velero v1.18 `pkg/repository/keys/keys.go`: without a Secret
of the user's, the server makes one with a password that stands in its public source, and the
volume repositories are encrypted with that.
"""

import base64
import binascii
import hashlib
import hmac

from drills import objects
from drills.engines.velero.remarks import note, warning
from drills.engines.velero.site import Site
from drills.errors import Forbidden
from drills.findings import Cause, Finding
from drills.ports import Kind

SECRET = Kind("v1", "Secret")
CREDENTIALS = "velero-repo-credentials"
KEY = "repository-password"
DEFAULT_DIGEST = "0938e9d99fe8eac6b7f0c2f7626a4e364c89f3be450ce9e6d81184f0c120b8b8"
"""SHA-256 of the literal, so that no scanner takes this file for a leak."""


def audit(site: Site) -> tuple[Finding, ...]:
    """Return what is risky; raises Unreachable."""
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
