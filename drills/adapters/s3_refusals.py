"""What S3's error codes mean for us.

In: a code, and the right that the request needed. Out: our error, with what to do next.
"""

import re

from drills.errors import DrillError, Forbidden, Missing, OutsideRefused, Unreachable
from drills.findings import Cause

DENIED = frozenset({"AccessDenied", "403", "Forbidden"})
CREDENTIALS: dict[str, str] = {
    "ExpiredToken": "renew the credentials: their time is up",
    "ExpiredTokenException": "renew the credentials: their time is up",
    "InvalidAccessKeyId": "the store does not know this access key: see which one is in use",
    "InvalidToken": "the session token does not belong to the key, or its time is up",
    "SignatureDoesNotMatch": "the secret key is wrong, or a proxy changes requests",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it",
}
"""What is wrong with the credentials, whatever rights they have."""
ABSENT = frozenset({"NoSuchKey", "404", "NotFound", "NoSuchVersion"})
BUSY = frozenset(
    {"SlowDown", "InternalError", "ServiceUnavailable", "500", "503", "RequestTimeout"}
)
ELSEWHERE = frozenset({"PermanentRedirect", "301", "AuthorizationHeaderMalformed"})
_ACTION = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)")


def refusal(place: str, code: str, right: str, words: str = "") -> DrillError:
    """Return the error for S3's `code`; `right` is what the request needed.

    `words` are the store's own; of them only the name of an action is taken, such as
    `kms:Decrypt`, since they may hold account numbers.
    """
    message = f"{place}: {code or 'refused'}"
    if code in DENIED:
        named = _ACTION.search(words)
        other = named and named[1].partition(":")[2] not in right
        hint = f"grant {named[1]}" if named and other else f"grant {right}"
        return Forbidden(
            message, hint=f"{hint}; without s3:ListBucket an absent file is refused the same way"
        )
    if code in CREDENTIALS:
        return Forbidden(message, hint=CREDENTIALS[code])
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
    **dict.fromkeys(ELSEWHERE, (OutsideRefused, "the bucket is in another region: region=...")),
    **dict.fromkeys(("PreconditionFailed", "412"), (Unreachable, _CHANGED_HINT)),
    "InvalidObjectState": (OutsideRefused, "it lies in an archive tier: bring it back first"),
}
