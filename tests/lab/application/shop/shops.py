"""The operator of kind Shop: keeps a record of each shop outside the cluster, so to say.

Every Shop gets our finalizer and a ConfigMap in the operator's own namespace, which stands for
something outside (an account, a bucket). When a Shop is deleted, the record goes first, then the
finalizer. Where the operator does not run, a deleted Shop stays.
"""

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

FINALIZER = "shops.lab.example.com/record"
SHOPS = "/apis/lab.example.com/v1/{}shops"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
SECONDS = 10


def _ask(method: str, path: str, body: object = None, kind: str = "application/json") -> dict:
    server = (
        f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    )
    request = urllib.request.Request(  # noqa: S310 - always the API server
        server + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}",
            "Content-Type": kind,
        },
    )
    trust = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    with urllib.request.urlopen(request, context=trust, timeout=SECONDS) as answer:  # noqa: S310
        return json.load(answer)


def _record(shop: dict) -> str:
    return f"shop-{shop['metadata']['namespace']}-{shop['metadata']['name']}"


def _welcome(shop: dict, records: str) -> None:
    meta = shop["metadata"]
    note = {"metadata": {"name": _record(shop)}, "data": {"namespace": meta["namespace"]}}
    try:
        _ask("POST", records, note)
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.CONFLICT:
            raise
    if FINALIZER not in meta.get("finalizers", []):
        _set_finalizers(shop, [*meta.get("finalizers", []), FINALIZER])


def _bid_farewell(shop: dict, records: str) -> None:
    try:
        _ask("DELETE", f"{records}/{_record(shop)}")
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.NOT_FOUND:
            raise
    left = [each for each in shop["metadata"].get("finalizers", []) if each != FINALIZER]
    _set_finalizers(shop, left)


def _set_finalizers(shop: dict, finalizers: list[str]) -> None:
    meta = shop["metadata"]
    path = SHOPS.format(f"namespaces/{meta['namespace']}/") + f"/{meta['name']}"
    patch = {"metadata": {"resourceVersion": meta["resourceVersion"], "finalizers": finalizers}}
    _ask("PATCH", path, patch, "application/merge-patch+json")


def main() -> None:
    """Looks at every Shop once a second."""
    records = f"/api/v1/namespaces/{os.environ['POD_NAMESPACE']}/configmaps"
    while True:
        try:
            for shop in _ask("GET", SHOPS.format(""))["items"]:
                leaving = "deletionTimestamp" in shop["metadata"]
                (_bid_farewell if leaving else _welcome)(shop, records)
        except OSError as error:
            sys.stdout.write(f"cannot look after the shops: {error}\n")
        time.sleep(1)


main()
