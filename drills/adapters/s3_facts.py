"""A bucket's own settings over S3, each asked for by itself, read-only.

In: a client and a bucket. Out: BucketFacts; what is refused is named with the right that is
missing, what a store does not know is told apart from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore import exceptions

from drills import objects
from drills.errors import Misconfigured, Missing, Unreachable
from drills.policy.bucket import Aspect, BucketFacts, Unknown

ABSENT = frozenset(
    {
        "ServerSideEncryptionConfigurationNotFoundError",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchBucketPolicy",
        "ObjectLockConfigurationNotFoundError",
        "NoSuchLockConfiguration",
    }
)
"""Answers that mean: there is none."""
UNSUPPORTED = frozenset({"NotImplemented", "MethodNotAllowed", "XNotImplemented", "501", "405"})
FAILING = 500
EVERYBODY = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

Answer = Mapping[str, object]
Read = Callable[[Answer], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    right: str
    read: Read


def facts_of(client: Any, bucket: str) -> BucketFacts:  # noqa: ANN401 - untyped library
    """Ask for every aspect; raises Unreachable, Missing (no such bucket), Misconfigured."""
    known: dict[str, Any] = {}
    unknown: dict[Aspect, Unknown] = {}
    for aspect, question in QUESTIONS.items():
        answer = _ask(client, bucket, question)
        if isinstance(answer, Unknown):
            unknown[aspect] = answer
        else:
            known |= question.read(answer)
    return BucketFacts(**known, unknown=unknown)


def _ask(client: Any, bucket: str, question: _Question) -> Answer | Unknown:  # noqa: ANN401 - untyped library
    try:
        found = getattr(client, question.method)(Bucket=bucket)
    except exceptions.ClientError as error:
        return _refused(error, bucket, question)
    except exceptions.NoCredentialsError as error:
        hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role"
        raise Misconfigured(f"s3://{bucket}: no credentials", hint=hint) from error
    except (exceptions.BotoCoreError, OSError) as error:
        hint = "check the endpoint, the network and the certificate"
        raise Unreachable(f"s3://{bucket}: {type(error).__name__}", hint=hint) from None
    return found if isinstance(found, Mapping) else {}


def _refused(error: Any, bucket: str, question: _Question) -> Answer | Unknown:  # noqa: ANN401 - untyped library
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in ABSENT:
        return {}
    if code == "NoSuchBucket":
        raise Missing(f"s3://{bucket}: {code}", hint="check the bucket's name and region")
    if code in UNSUPPORTED:
        return Unknown(right="", message=f"the store answers {code}")
    if objects.number(error.response, "ResponseMetadata", "HTTPStatusCode") >= FAILING:
        hint = "the store is failing or overloaded; try again"
        raise Unreachable(f"s3://{bucket}: {code}", hint=hint)
    right = f"{question.right} on arn:aws:s3:::{bucket}"
    return Unknown(right=right, message=f"the store answers {code or 'nothing it explains'}")


def _encryption(answer: Answer) -> dict[str, Any]:
    rules = objects.items(answer, "ServerSideEncryptionConfiguration", "Rules")
    words = [
        objects.text(rule, "ApplyServerSideEncryptionByDefault", "SSEAlgorithm") for rule in rules
    ]
    return {"encryption": next((word for word in words if word), "")}


def _block(answer: Answer) -> dict[str, Any]:
    block = objects.mapping(answer, "PublicAccessBlockConfiguration")
    return {"public_block": all(block.get(switch) is True for switch in SWITCHES)}


def _policy(answer: Answer) -> dict[str, Any]:
    return {"public_policy": objects.dig(answer, "PolicyStatus", "IsPublic") is True}


def _acl(answer: Answer) -> dict[str, Any]:
    grants = objects.items(answer, "Grants")
    return {"public_acl": any(objects.text(g, "Grantee", "URI") in EVERYBODY for g in grants)}


def _versioning(answer: Answer) -> dict[str, Any]:
    return {"versioning": objects.text(answer, "Status")}


def _lock(answer: Answer) -> dict[str, Any]:
    lock = objects.mapping(answer, "ObjectLockConfiguration")
    kept = objects.mapping(lock, "Rule", "DefaultRetention")
    return {
        "lock": objects.text(lock, "ObjectLockEnabled") == "Enabled",
        "lock_mode": objects.text(kept, "Mode"),
        "lock_days": objects.number(kept, "Days") + 365 * objects.number(kept, "Years"),
    }


QUESTIONS: Mapping[Aspect, _Question] = {
    Aspect.ENCRYPTION: _Question(
        "get_bucket_encryption", "s3:GetEncryptionConfiguration", _encryption
    ),
    Aspect.PUBLIC_BLOCK: _Question(
        "get_public_access_block", "s3:GetBucketPublicAccessBlock", _block
    ),
    Aspect.PUBLIC_POLICY: _Question(
        "get_bucket_policy_status", "s3:GetBucketPolicyStatus", _policy
    ),
    Aspect.PUBLIC_ACL: _Question("get_bucket_acl", "s3:GetBucketAcl", _acl),
    Aspect.VERSIONING: _Question("get_bucket_versioning", "s3:GetBucketVersioning", _versioning),
    Aspect.LOCK: _Question(
        "get_object_lock_configuration", "s3:GetBucketObjectLockConfiguration", _lock
    ),
}
"""Aspects with the method, the right it needs, and what its answer says."""
