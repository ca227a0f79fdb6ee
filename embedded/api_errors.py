"""Refusals of the API server, worded as the real one words them.

In: what was asked for and why it is refused. Out: `ApiError`, which the HTTP layer turns into a
Status object. Wordings follow k8s.io/apimachinery/pkg/api/errors at v0.34.
"""

from embedded.json_objects import JsonObject
from embedded.resource_types import ResourceType


class ApiError(Exception):
    """A request that the API server refuses.

    Attributes:
        code: HTTP status code.
        reason: machine-readable word of the Status object, such as `NotFound`.
        message: the sentence for people.
        details: the `details` of the Status object.
        retry_after: seconds after which asking again makes sense, or None.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: JsonObject | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details: JsonObject = details or {}
        self.retry_after = retry_after

    def status(self) -> JsonObject:
        """Return the Status object that a client receives."""
        answer: JsonObject = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        }
        if self.reason:
            answer["reason"] = self.reason
        if self.details:
            answer["details"] = self.details
        return answer


def _about(t: ResourceType, name: str) -> JsonObject:
    details: JsonObject = {"name": name, "kind": t.plural}
    if t.group:
        details["group"] = t.group
    return details


def not_found(t: ResourceType, name: str) -> ApiError:
    """Return a 404 for an object that is not there."""
    return ApiError(404, "NotFound", f'{t.group_resource} "{name}" not found', _about(t, name))


def no_such_resource() -> ApiError:
    """Return a 404 for a path that no resource type answers."""
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def already_exists(t: ResourceType, name: str) -> ApiError:
    """Return a 409 for a name that is taken."""
    message = f'{t.group_resource} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _about(t, name))


def conflict(t: ResourceType, name: str, why: str) -> ApiError:
    """Return a 409 for a write that is based on an older or another object."""
    message = f'Operation cannot be fulfilled on {t.group_resource} "{name}": {why}'
    return ApiError(409, "Conflict", message, _about(t, name))


def stale(t: ResourceType, name: str) -> ApiError:
    """Return a 409 for a write with an outdated resourceVersion."""
    why = (
        "the object has been modified; please apply your changes to the latest version "
        "and try again"
    )
    return conflict(t, name, why)


def forbidden(t: ResourceType, name: str, why: str) -> ApiError:
    """Return a 403 for something that admission refuses."""
    return ApiError(
        403, "Forbidden", f'{t.group_resource} "{name}" is forbidden: {why}', _about(t, name)
    )


def bad_request(message: str) -> ApiError:
    """Return a 400 for a request that cannot be understood."""
    return ApiError(400, "BadRequest", message)


def expired(since: int, oldest: int) -> ApiError:
    """Return a 410 for a watch that asks for history no longer kept."""
    return ApiError(410, "Expired", f"too old resource version: {since} ({oldest})")


def invalid(t: ResourceType, name: str, *causes: tuple[str, str, str]) -> ApiError:
    """Return a 422 for an object whose content is not allowed.

    Args:
        t: the type of the object.
        name: the name of the object.
        causes: triples of field path, machine-readable reason and sentence.
    """
    sentences = [f"{field}: {text}" for field, _, text in causes]
    whole = sentences[0] if len(sentences) == 1 else f"[{', '.join(sentences)}]"
    details: JsonObject = {
        "name": name,
        "kind": t.kind,
        "causes": [
            {"reason": reason, "message": text, "field": field} for field, reason, text in causes
        ],
    }
    if t.group:
        details["group"] = t.group
    return ApiError(422, "Invalid", f'{_qualified_kind(t)} "{name}" is invalid: {whole}', details)


def _qualified_kind(t: ResourceType) -> str:
    return f"{t.kind}.{t.group}" if t.group else t.kind
