"""What S3's error codes mean for us.

In: a code, and the right that the request needed. Out: our error, with what to do next.
"""

from drills.errors import DrillError, Forbidden, Missing, OutsideRefused, Unreachable
from drills.findings import Cause

DENIED = frozenset(
    {
        "AccessDenied",
        "403",
        "Forbidden",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "RequestTimeTooSkewed",
    }
)
ABSENT = frozenset({"NoSuchKey", "404", "NotFound", "NoSuchVersion"})
BUSY = frozenset(
    {"SlowDown", "InternalError", "ServiceUnavailable", "500", "503", "RequestTimeout"}
)


def refusal(place: str, code: str, right: str) -> DrillError:
    """Return the error for S3's `code`; `right` is what the request needed."""
    message = f"{place}: {code or 'refused'}"
    if code in DENIED:
        hint = f"grant {right}; without s3:ListBucket an absent file is refused the same way"
        return Forbidden(message, hint=hint)
    if code == "NoSuchBucket":
        return Missing(
            message, hint="check the bucket's name and region", cause=Cause.CONFIGURATION
        )
    kind, hint = _OTHER.get(code, (OutsideRefused, ""))
    return kind(message, hint=hint)


_BUSY_HINT = "the store is failing or overloaded; try again"
_CHANGED_HINT = "it changed while it was read; read it again"
_OTHER: dict[str, tuple[type[DrillError], str]] = {
    **dict.fromkeys(ABSENT, (Missing, "")),
    **dict.fromkeys(BUSY, (Unreachable, _BUSY_HINT)),
    **dict.fromkeys(("PreconditionFailed", "412"), (Unreachable, _CHANGED_HINT)),
    "InvalidObjectState": (OutsideRefused, "it lies in an archive tier: bring it back first"),
}
