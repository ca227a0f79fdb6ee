"""What the API server said no with, as the errors of `drills.errors`; translated only here.

In: an Answer whose status is an error. Out: the matching DrillError. Reasons and codes are those
of the API conventions (`metav1.Status`); quota and namespace refusals both arrive as 403
Forbidden and are told apart from missing rights by their words and `details.causes`.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from drills import objects
from drills.adapters.kube.wire import Answer
from drills.errors import (
    AlreadyExists,
    Conflicted,
    DrillError,
    Forbidden,
    Missing,
    NotServed,
    OutsideRefused,
    Unreachable,
)
from drills.findings import Cause

LONGEST_MESSAGE = 400
NOBODY = "no stand-in is registered"
"""Words of the embedded cluster for a question that only a container could answer."""


class Expired(OutsideRefused):
    """410: the resourceVersion or continue token is too old; list again."""


class NotImplementedThere(OutsideRefused):
    """501: the embedded cluster runs no containers and nobody stands in."""


def status_of(answer: Answer) -> Mapping[str, object]:
    """Return the Status object in the body, empty where the body is something else."""
    document = answer.document()
    return document if document.get("kind") == "Status" else {}


def said(answer: Answer) -> str:
    """Return the server's own words, trimmed, with code and reason."""
    status = status_of(answer)
    words = objects.text(status, "message") or answer.body.decode("utf-8", "replace").strip()
    reason = objects.text(status, "reason")
    trimmed = words if len(words) <= LONGEST_MESSAGE else words[:LONGEST_MESSAGE] + " ..."
    return f"{trimmed or 'no message'} ({answer.status}{' ' + reason if reason else ''})"


def refusal(what: str, answer: Answer) -> DrillError:
    """Return the error for `answer`; `what` is what was asked, `create pods in x`."""
    message = f"{what}: {said(answer)}"
    told_apart: dict[int, Callable[[str, Answer], DrillError]] = {
        HTTPStatus.UNAUTHORIZED: _unauthorized,
        HTTPStatus.FORBIDDEN: _forbidden,
        HTTPStatus.NOT_FOUND: _not_found,
        HTTPStatus.CONFLICT: _conflict,
    }
    plain: dict[int, type[DrillError]] = {
        HTTPStatus.METHOD_NOT_ALLOWED: NotServed,
        HTTPStatus.GONE: Expired,
        HTTPStatus.NOT_IMPLEMENTED: NotImplementedThere,
    }
    if answer.status in told_apart:
        return told_apart[answer.status](message, answer)
    if answer.status in plain:
        return plain[answer.status](message)
    if _server_trouble(answer.status):
        return Unreachable(message, hint="the API server is overloaded or failing; try again")
    return OutsideRefused(message)


def _server_trouble(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _forbidden(message: str, answer: Answer) -> DrillError:
    causes = objects.items(status_of(answer), "details", "causes")
    if any(objects.text(cause, "reason") == "NamespaceTerminating" for cause in causes) or (
        "because it is being terminated" in message
    ):
        return Conflicted(message, hint="wait until the namespace is gone, then try again")
    if "exceeded quota" in message or "failed quota" in message:
        hint = "raise the ResourceQuota it names, or drill less at once"
        return OutsideRefused(message, hint=hint, cause=Cause.CAPACITY)
    if "violates PodSecurity" in message or "denied the request" in message:
        hint = "an admission policy of the cluster refused it; allow it for drill namespaces"
        return OutsideRefused(message, hint=hint, cause=Cause.ENVIRONMENT)
    return Forbidden(message, hint="grant the missing right to the account the drill runs as")


def _unauthorized(message: str, _answer: Answer) -> DrillError:
    hint = "the server does not accept these credentials: log in again or renew the token"
    return Forbidden(message, hint=hint)


def _conflict(message: str, answer: Answer) -> DrillError:
    exists = objects.text(status_of(answer), "reason") == "AlreadyExists"
    return AlreadyExists(message) if exists else Conflicted(message)


def _not_found(message: str, answer: Answer) -> DrillError:
    """Tell a missing object (its Status names it) from a path nobody serves."""
    if objects.text(status_of(answer), "details", "name"):
        return Missing(message)
    return NotServed(message, hint="install the API it belongs to, or correct the apiVersion")
