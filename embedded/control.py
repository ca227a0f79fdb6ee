"""What only the embedded cluster answers: /__embedded__/abilities, /faults and /requests.

In: a question, or JSON that names a fault. Out: what this cluster can do beyond keeping objects;
for tests in another process the fault switched on, or what was asked of the server so far.
"""

import time

from embedded.api_errors import bad_request, no_such_resource
from embedded.containers import Containers
from embedded.faults import Faults, Rule
from embedded.http_wire import Request, Response, decoded_json, json_response
from embedded.json_objects import JsonObject

PREFIX = "__embedded__"
FILLED = ("file-system backup",)
"""Means by which a volume's data counts as brought back: its node agent plays the part, though it
moves no bytes. There is no storage system, so no snapshot comes back and none is moved."""


def control(faults: Faults, containers: Containers, request: Request) -> Response:
    """Switch faults on (POST) or off (DELETE), tell what was asked or can be done (GET).

    A fault is `{"fault": "slow|fail|deny|drop-watches|silence-watches|away", ...}` with `verb`,
    `resource`, `namespace`, `times`, `forSeconds`, and `seconds`, `status`, `retryAfter` as the
    fault needs them.

    Raises:
        ApiError: 400 for an unknown fault, 404 for another path.
    """
    if request.segments[1:] == ("requests",) and request.method == "GET":
        return json_response(faults.requests())
    if request.segments[1:] == ("abilities",) and request.method == "GET":
        return json_response({"ways": sorted(containers.ways), "volumes": list(FILLED)})
    if request.segments[1:] != ("faults",):
        raise no_such_resource()
    if request.method == "DELETE":
        faults.clear()
        return json_response({})
    asked = decoded_json(request.body)
    if not isinstance(asked, dict):
        raise bad_request("name the fault in a JSON object")
    return json_response({"hit": _switch_on(faults, asked)})


def _rule(asked: JsonObject) -> Rule:
    seconds = asked.get("forSeconds")
    return Rule(
        verb=str(asked.get("verb", "*")),
        resource=str(asked.get("resource", "*")),
        namespace=str(asked.get("namespace", "*")),
        times=asked.get("times"),
        until=None if seconds is None else time.monotonic() + float(seconds),
    )


def _switch_on(faults: Faults, asked: JsonObject) -> int:
    word = asked.get("fault")
    if word == "slow":
        faults.slow(float(asked["seconds"]), _rule(asked))
    elif word == "fail":
        faults.fail(int(asked["status"]), _rule(asked), retry_after=asked.get("retryAfter"))
    elif word == "deny":
        faults.deny(_rule(asked))
    elif word == "drop-watches":
        return faults.drop_watches(str(asked.get("resource", "*")))
    elif word == "silence-watches":
        return faults.silence_watches(str(asked.get("resource", "*")))
    elif word == "away":
        faults.go_away(float(asked["seconds"]))
    elif word in faults.others:
        faults.others[word](asked)
    else:
        raise bad_request(f"unknown fault {word!r}")
    return 0
