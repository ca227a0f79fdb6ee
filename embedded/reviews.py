"""Questions about access, which store nothing.

In: access reviews and token reviews. Out: yes for everything, unless a deny rule says no.
"""

from embedded.faults import Asked, Faults
from embedded.http_wire import Response, json_response
from embedded.json_objects import JsonObject, section
from embedded.resource_types import ResourceType

USER: JsonObject = {
    "username": "embedded-admin",
    "groups": ["system:masters", "system:authenticated"],
}


def review(faults: Faults, t: ResourceType, asked: JsonObject) -> Response:
    """Return the review with its answer in `status`."""
    answer = {**asked, "kind": t.kind, "apiVersion": t.api_version}
    answer["status"] = _status(faults, t, section(asked, "spec"))
    answer.setdefault("metadata", {})
    return json_response(answer, 201)


def _status(faults: Faults, t: ResourceType, spec: JsonObject) -> JsonObject:
    if t.kind == "SelfSubjectReview":
        return {"userInfo": USER}
    if t.kind == "TokenReview":
        return {"authenticated": True, "user": USER}
    if t.kind == "SelfSubjectRulesReview":
        everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
        return {"incomplete": False, "resourceRules": [everything], "nonResourceRules": []}
    wanted = section(spec, "resourceAttributes")
    sub = str(wanted.get("subresource") or "")
    resource = str(wanted.get("resource") or "*")
    asked = Asked(
        verb=str(wanted.get("verb") or "*"),
        group=str(wanted.get("group") or ""),
        resource=f"{resource}/{sub}" if sub else resource,
        namespace=str(wanted.get("namespace") or ""),
        name=str(wanted.get("name") or ""),
    )
    if faults.denies(asked):
        return {"allowed": False, "reason": "a deny rule of the embedded cluster"}
    return {"allowed": True}
