"""Which patch a content type means, and what each resource type accepts.

In: an object, a decoded patch and its content type. Out: the patched object, not yet admitted.
"""

from embedded.api_errors import ApiError, bad_request
from embedded.json_objects import JsonObject
from embedded.patches import json_patch, merge
from embedded.resource_types import ResourceType
from embedded.strategic import strategic_merge

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


def patched(t: ResourceType, current: JsonObject, patch: object, content_type: str) -> JsonObject:
    """Return the object with the patch applied.

    Raises:
        ApiError: 415 for a content type the resource does not take, 400 or 422 for the patch.
    """
    accepted = (JSON, MERGE, APPLY) if t.custom else (JSON, MERGE, STRATEGIC, APPLY)
    if content_type not in accepted:
        listed = ", ".join(accepted)
        message = (
            "the body of the request was in an unknown format - accepted media types include: "
            f"{listed}"
        )
        raise ApiError(415, "UnsupportedMediaType", message)
    if content_type == JSON:
        return json_patch(current, patch)
    if not isinstance(patch, dict):
        raise bad_request("error decoding patch: it is no object")
    if content_type == MERGE:
        return dict(merge(current, patch))
    return dict(strategic_merge(current, patch))
