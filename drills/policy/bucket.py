"""The bucket's own settings: encrypted, closed, versioned, locked? Pure: facts in, findings out.

Velero writes Secrets into its archives as they are, so whoever reads the bucket reads them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from drills.findings import Finding, Severity
from drills.policy.remarks import remark, unasked


class Aspect(StrEnum):
    """What is asked of a bucket."""

    ENCRYPTION = "encryption at rest"
    PUBLIC_BLOCK = "the block on public access"
    PUBLIC_POLICY = "public access by policy"
    PUBLIC_ACL = "public access by ACL"
    VERSIONING = "versioning"
    LOCK = "Object Lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Why an aspect is unknown: the right that is missing, or '' where the store has no such."""

    right: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketFacts:
    """What a bucket says of itself; an aspect in `unknown` counts for nothing here."""

    encryption: str = ""
    """`AES256`, `aws:kms`; empty for none by default."""
    public_block: bool = False
    """Whether all four switches against public access are on."""
    public_policy: bool = False
    public_acl: bool = False
    versioning: str = ""
    """`Enabled`, `Suspended`, empty where it never was on."""
    lock: bool = False
    lock_mode: str = ""
    """`COMPLIANCE` or `GOVERNANCE` by default for new files."""
    lock_days: int = 0
    unknown: Mapping[Aspect, Unknown] = field(default_factory=dict)


@runtime_checkable
class BucketSettings(Protocol):
    """A store that knows settings of its own; a folder does not."""

    def facts(self) -> BucketFacts:
        """Ask for the settings, read-only; raises Unreachable, Missing, Misconfigured."""
        ...


def check_bucket(
    facts: BucketFacts, *, shortest_tier: timedelta | None, subject: str
) -> Iterator[Finding]:
    """Yield what endangers the backups in it."""
    for aspect, unknown in facts.unknown.items():
        yield _unknown(aspect, unknown, subject)
    if Aspect.ENCRYPTION not in facts.unknown and not facts.encryption:
        yield remark(
            "bucket-not-encrypted",
            subject,
            "New files are not encrypted at rest by default; Secrets lie in them as they are.",
            "Set default encryption, with a KMS key of your own where you can.",
        )
    yield from _public(facts, subject)
    yield from _versions(facts, subject)
    if facts.lock and shortest_tier is not None and facts.lock_mode:
        yield from _lock_length(facts, shortest_tier, subject)


def _public(facts: BucketFacts, subject: str) -> Iterator[Finding]:
    if facts.public_block:
        return
    ways = [
        word
        for word, open_ in (("policy", facts.public_policy), ("ACL", facts.public_acl))
        if open_
    ]
    if ways:
        yield remark(
            "bucket-public",
            subject,
            f"Anybody may reach the bucket, by its {' and its '.join(ways)}: every Secret of every "
            "backup is public.",
            "Block public access now, then replace every credential that was ever backed up.",
            severity=Severity.CRITICAL,
        )
    elif Aspect.PUBLIC_BLOCK not in facts.unknown:
        yield remark(
            "bucket-not-blocked",
            subject,
            "Nothing forbids that the bucket is made public.",
            "Turn on all four settings of the bucket's public access block.",
        )


def _versions(facts: BucketFacts, subject: str) -> Iterator[Finding]:
    if Aspect.VERSIONING not in facts.unknown and facts.versioning != "Enabled":
        state = "suspended" if facts.versioning else "off"
        yield remark(
            "bucket-not-versioned",
            subject,
            f"Versioning is {state}: a file that is overwritten or deleted is gone for good.",
            "Turn versioning on, with a lifecycle rule that removes old versions.",
        )
    if Aspect.LOCK in facts.unknown:
        return
    if not facts.lock:
        yield remark(
            "bucket-not-locked",
            subject,
            "Object Lock is off: whoever holds the backup system's credentials can delete all "
            "backups, ransomware included.",
            "Use a bucket with Object Lock and a default retention for the backups, or for a copy.",
        )
    elif not facts.lock_mode:
        yield remark(
            "bucket-lock-without-default",
            subject,
            "Object Lock is on, but new files are not locked by default.",
            "Set a default retention in COMPLIANCE mode; Velero locks nothing by itself.",
        )
    elif facts.lock_mode != "COMPLIANCE":
        yield remark(
            "bucket-lock-can-be-lifted",
            subject,
            f"Files are locked in {facts.lock_mode} mode, which some accounts may lift.",
            "Use COMPLIANCE where nobody at all shall delete a backup before its time.",
            severity=Severity.INFO,
        )


def _lock_length(facts: BucketFacts, tier: timedelta, subject: str) -> Iterator[Finding]:
    if timedelta(days=facts.lock_days) < tier:
        yield remark(
            "bucket-lock-short",
            subject,
            f"Files are locked for {facts.lock_days} days, the shortest tier keeps backups for "
            f"{tier.days}: they can be deleted in between.",
            "Lock for at least as long as the shortest tier keeps a backup.",
            severity=Severity.INFO,
        )


def _unknown(aspect: Aspect, unknown: Unknown, subject: str) -> Finding:
    message = f"Nobody could say how it is with {aspect}: {unknown.message}."
    if unknown.right:
        return unasked("bucket-not-asked", subject, message, f"Grant {unknown.right}, read-only.")
    return remark(
        "bucket-not-askable",
        subject,
        message,
        "This store has no such setting to ask for; look in its own administration.",
        severity=Severity.INFO,
    )
