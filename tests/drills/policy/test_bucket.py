"""A bucket's settings, as findings and as asked over S3."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from drills.adapters.s3_facts import QUESTIONS, facts_of
from drills.adapters.store import open_store
from drills.errors import Missing, Unreachable
from drills.findings import Finding, Severity
from drills.policy.bucket import Aspect, BucketFacts, BucketSettings, Unknown, check_bucket
from tests.drills.policy.histories import by_code

DAYS = timedelta(days=1)
SOUND = BucketFacts(
    encryption="aws:kms",
    public_block=True,
    versioning="Enabled",
    lock=True,
    lock_mode="COMPLIANCE",
    lock_days=30,
)


def checked(facts: BucketFacts, tier: timedelta | None = 30 * DAYS) -> dict[str, Finding]:
    return by_code(check_bucket(facts, shortest_tier=tier, subject="s3://backups"))


def test_a_sound_bucket() -> None:
    assert checked(SOUND) == {}


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        ({"encryption": ""}, "bucket-not-encrypted", Severity.WARNING),
        ({"public_block": False}, "bucket-not-blocked", Severity.WARNING),
        ({"public_block": False, "public_policy": True}, "bucket-public", Severity.CRITICAL),
        ({"public_block": False, "public_acl": True}, "bucket-public", Severity.CRITICAL),
        ({"versioning": ""}, "bucket-not-versioned", Severity.WARNING),
        ({"versioning": "Suspended"}, "bucket-not-versioned", Severity.WARNING),
        ({"lock": False}, "bucket-not-locked", Severity.WARNING),
        ({"lock_mode": ""}, "bucket-lock-without-default", Severity.WARNING),
        ({"lock_mode": "GOVERNANCE"}, "bucket-lock-can-be-lifted", Severity.INFO),
        ({"lock_days": 7}, "bucket-lock-short", Severity.INFO),
    ],
)
def test_what_is_not_sound(change: dict[str, Any], code: str, severity: Severity) -> None:
    found = checked(replace(SOUND, **change))
    assert set(found) == {code}
    assert found[code].severity is severity


def test_the_block_closes_what_is_open_below_it() -> None:
    assert checked(replace(SOUND, public_policy=True, public_acl=True)) == {}


@pytest.mark.parametrize("aspect", list(Aspect))
def test_what_is_unknown_is_not_judged(aspect: Aspect) -> None:
    """A missing right leaves the question open; a store without the setting has none."""
    denied = {aspect: Unknown(right="s3:GetIt", message="AccessDenied")}
    found = checked(BucketFacts(**{**_plain(SOUND), **_blank(aspect)}, unknown=denied))
    assert set(found) == {"bucket-not-asked"}
    assert found["bucket-not-asked"].unanswered
    assert "s3:GetIt" in found["bucket-not-asked"].remedy
    without = {aspect: Unknown(right="", message="NotImplemented")}
    found = checked(BucketFacts(**{**_plain(SOUND), **_blank(aspect)}, unknown=without))
    assert set(found) == {"bucket-not-askable"}
    assert not found["bucket-not-askable"].unanswered


def _plain(facts: BucketFacts) -> dict[str, Any]:
    names = (
        "encryption",
        "public_block",
        "public_policy",
        "public_acl",
        "versioning",
        "lock",
        "lock_mode",
        "lock_days",
    )
    return {name: getattr(facts, name) for name in names}


def _blank(aspect: Aspect) -> dict[str, Any]:
    return {
        Aspect.ENCRYPTION: {"encryption": ""},
        Aspect.PUBLIC_BLOCK: {"public_block": False},
        Aspect.PUBLIC_POLICY: {},
        Aspect.PUBLIC_ACL: {},
        Aspect.VERSIONING: {"versioning": ""},
        Aspect.LOCK: {"lock": False, "lock_mode": "", "lock_days": 0},
    }[aspect]


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A local S3 endpoint."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - only where it is wanted

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(name="client")
def _client(s3: str, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - untyped library
    for name, value in {
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return boto3.client("s3", endpoint_url=s3)


Made = Callable[..., BucketFacts]


@pytest.fixture(name="made")
def _made(client: Any, s3: str) -> Made:  # noqa: ANN401 - untyped library
    """Make a bucket, prepare it, ask for its facts as the command does."""

    def made(prepare: Callable[[str], object] = lambda _: None, **options: bool) -> BucketFacts:
        bucket = f"b{os.urandom(4).hex()}"
        client.create_bucket(Bucket=bucket, **options)
        prepare(bucket)
        store = open_store(f"s3://{bucket}/cluster-1?endpoint={s3}&region=us-east-1")
        assert isinstance(store, BucketSettings)
        return store.facts()

    return made


def test_a_bare_bucket_over_s3(made: Made) -> None:
    facts = made()
    assert (facts.public_block, facts.versioning, facts.lock) == (False, "", False)
    assert Aspect.VERSIONING not in facts.unknown
    assert "bucket-not-versioned" in checked(facts)


def test_a_guarded_bucket_over_s3(made: Made, client: Any) -> None:  # noqa: ANN401 - untyped library
    switches = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

    def prepare(bucket: str) -> None:
        client.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
            },
        )
        client.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(switches, True)
        )
        client.put_object_lock_configuration(
            Bucket=bucket,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 40}},
            },
        )

    facts = made(prepare, ObjectLockEnabledForBucket=True)
    assert (facts.encryption, facts.public_block, facts.versioning) == ("aws:kms", True, "Enabled")
    assert (facts.lock, facts.lock_mode, facts.lock_days) == (True, "COMPLIANCE", 40)
    assert {f.severity for f in checked(facts).values()} <= {Severity.INFO}


def test_a_public_bucket_over_s3(made: Made, client: Any) -> None:  # noqa: ANN401 - untyped library
    facts = made(lambda bucket: client.put_bucket_acl(Bucket=bucket, ACL="public-read"))
    assert facts.public_acl
    assert checked(facts)["bucket-public"].severity is Severity.CRITICAL


def test_a_bucket_that_is_not_there(s3: str, client: Any) -> None:  # noqa: ANN401 - untyped library
    with pytest.raises(Missing):
        facts_of(client, "nowhere-at-all")


def test_a_folder_has_no_settings(tmp_path: Any) -> None:  # noqa: ANN401 - a path
    assert not isinstance(open_store(str(tmp_path)), BucketSettings)


class Refusing:
    """A client that refuses everything in one way."""

    def __init__(self, code: str, status: int = 403) -> None:
        self._code, self._status = code, status

    def __getattr__(self, method: str) -> Callable[..., object]:
        """Return a call that raises."""

        def refuse(**_: object) -> object:
            from botocore.exceptions import ClientError  # noqa: PLC0415 - as the adapter sees it

            told = {
                "Error": {"Code": self._code},
                "ResponseMetadata": {"HTTPStatusCode": self._status},
            }
            raise ClientError(told, method)  # type: ignore[arg-type]

        return refuse


def test_every_missing_right_is_named() -> None:
    facts = facts_of(Refusing("AccessDenied"), "backups")
    rights = {unknown.right for unknown in facts.unknown.values()}
    assert rights == {f"{q.right} on arn:aws:s3:::backups" for q in QUESTIONS.values()}


def test_a_store_that_knows_no_settings() -> None:
    facts = facts_of(Refusing("NotImplemented", 501), "backups")
    assert {unknown.right for unknown in facts.unknown.values()} == {""}


def test_a_store_in_trouble_is_no_answer() -> None:
    with pytest.raises(Unreachable):
        facts_of(Refusing("SlowDown", 503), "backups")
