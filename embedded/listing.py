"""Lists over HTTP: selected, paged, and in the shape that the client asks for.

In: a list request. Out: one JSON document. A page's token carries the version of the first page,
so a watch that starts from it misses nothing that changed while the client was paging.
"""

import base64
import binascii
import json

from embedded.api_errors import ApiError, bad_request
from embedded.http_wire import Request, Response, json_response
from embedded.json_objects import JsonObject, encoded, name_of, namespace_of
from embedded.ledger import Entry
from embedded.routes import Target
from embedded.storage import Storage
from embedded.table import WHOLE, shape_of, shaped_list

Place = tuple[str, str]


def listed(storage: Storage, target: Target, request: Request) -> Response:
    """Return the list that the request asks for.

    Raises:
        ApiError: 400 for a bad selector, limit or token; 410 for a token that is too old;
            504 for a resourceVersion that does not exist yet.
    """
    entries, version = storage.entries(
        target.type,
        target.namespace or None,
        labels=request.param("labelSelector"),
        fields=request.param("fieldSelector"),
    )
    _check_version(request, version)
    entries, version = _after_token(storage, request, entries, version)
    page, metadata = _page(request, entries, version)
    t = target.type
    shape = shape_of(request.headers.get("accept", ""))
    if shape != WHOLE:
        bodies = [{**one.body, "apiVersion": t.api_version} for one in page]
        return json_response(shaped_list(shape, bodies, metadata))
    head = encoded({"kind": f"{t.kind}List", "apiVersion": t.api_version, "metadata": metadata})
    whole = b",".join(one.as_item(t) for one in page)
    return Response(body=head[:-1] + b',"items":[' + whole + b"]}")


def not_a_version(text: str) -> str:
    """Return the sentence about a resourceVersion that is no number."""
    return (
        f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid '
        "syntax"
    )


def _check_version(request: Request, current: int) -> None:
    asked = request.param("resourceVersion")
    if asked and not asked.isdigit():
        raise bad_request(f"invalid resource version: {not_a_version(asked)}")
    if asked and int(asked) > current:
        raise ApiError(
            504,
            "Timeout",
            f"Timeout: Too large resource version: {asked}, current: {current}",
            {
                "causes": [
                    {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
                ],
                "retryAfterSeconds": 1,
            },
            retry_after=1,
        )


def _after_token(
    storage: Storage, request: Request, entries: tuple[Entry, ...], version: int
) -> tuple[tuple[Entry, ...], int]:
    token = request.param("continue")
    if not token:
        return entries, version
    try:
        first_version, namespace, name = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error) as problem:
        message = f"invalid continue token: continue key is not valid: {problem}"
        raise bad_request(message) from problem
    if first_version < storage.forgotten:
        raise ApiError(
            410,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result. You "
            "can start a new list without the continue parameter.",
        )
    last: Place = (namespace, name)
    return tuple(one for one in entries if _place(one) > last), first_version


def _place(entry: Entry) -> Place:
    return namespace_of(entry.body), name_of(entry.body)


def _page(
    request: Request, entries: tuple[Entry, ...], version: int
) -> tuple[tuple[Entry, ...], JsonObject]:
    metadata: JsonObject = {"resourceVersion": str(version)}
    text = request.param("limit")
    if text and not text.isdigit():
        raise bad_request(f"invalid limit: {text!r} is no number")
    limit = int(text or 0)
    if not limit or len(entries) <= limit:
        return entries, metadata
    page = entries[:limit]
    metadata["continue"] = base64.urlsafe_b64encode(
        json.dumps([version, *_place(page[-1])]).encode()
    ).decode()
    if not request.param("labelSelector") and not request.param("fieldSelector"):
        metadata["remainingItemCount"] = len(entries) - limit
    return page, metadata
