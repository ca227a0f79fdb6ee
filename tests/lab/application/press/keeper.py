"""The operator of kind Archive, and its mutating webhook.

For every Archive there is a StatefulSet of members with a claim each, and their Service; both are
made where they are missing and belong to the Archive. The webhook stamps every member's pod with
who looks after it, in whatever namespace the pod is.
"""

import base64
import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GROUP = "press.example.com"
ARCHIVES = f"/apis/{GROUP}/v1/archives"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
KEYS = Path("/keys")
SECONDS = 10
STAMP = {"op": "add", "path": f"/metadata/annotations/{GROUP}~1kept-by", "value": "press-operator"}
NO_NOTES = {"op": "add", "path": "/metadata/annotations", "value": {}}


def ask(method: str, path: str, body: object = None) -> dict:
    """Asks the API server."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    request = urllib.request.Request(
        f"https://{host}:{port}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}",
            "Content-Type": "application/json",
        },
    )
    trust = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    with urllib.request.urlopen(request, context=trust, timeout=SECONDS) as answer:  # noqa: S310
        return json.load(answer)


def service(archive: dict) -> dict:
    """By which the members find each other."""
    labels = {"archive": archive["metadata"]["name"]}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": about(archive),
        "spec": {
            "clusterIP": "None",
            "selector": labels,
            "ports": [{"name": "http", "port": 8080}],
        },
    }


def members(archive: dict) -> dict:
    """The StatefulSet of an Archive."""
    name, spec = archive["metadata"]["name"], archive["spec"]
    safe = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "member",
        "image": os.environ["IMAGE"],
        "imagePullPolicy": "IfNotPresent",
        "args": ["/app/press/member.py"],
        "env": [{"name": "ARCHIVE", "value": name}],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/count", "port": "http"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": safe,
        "volumeMounts": [{"name": "log", "mountPath": "/data"}],
    }
    pod = {
        "terminationGracePeriodSeconds": 1,
        "enableServiceLinks": False,
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "fsGroup": 1000},
        "containers": [container],
    }
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": spec["storage"]}},
    }
    labels = {"archive": name, f"{GROUP}/member": "yes"}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": about(archive),
        "spec": {
            "serviceName": name,
            "replicas": spec["members"],
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": {"archive": name}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
            "volumeClaimTemplates": [{"metadata": {"name": "log"}, "spec": claim}],
        },
    }


def about(archive: dict) -> dict:
    """Name, and whose it is."""
    meta = archive["metadata"]
    owner = {
        "apiVersion": f"{GROUP}/v1", "kind": "Archive", "name": meta["name"], "uid": meta["uid"],
        "controller": True,
    }  # fmt: skip
    return {"name": meta["name"], "namespace": meta["namespace"], "ownerReferences": [owner]}


def look_after(archive: dict) -> None:
    """Makes what is missing."""
    space = archive["metadata"]["namespace"]
    for path, thing in (
        (f"/api/v1/namespaces/{space}/services", service(archive)),
        (f"/apis/apps/v1/namespaces/{space}/statefulsets", members(archive)),
    ):
        try:
            ask("POST", path, thing)
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.CONFLICT:
                raise


class Webhook(BaseHTTPRequestHandler):
    """Stamps pods."""

    def do_POST(self) -> None:
        """Answers one review."""
        size = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(size))["request"]
        notes = asked["object"]["metadata"].get("annotations")
        patch = json.dumps([STAMP] if notes else [NO_NOTES, STAMP]).encode()
        said = {
            "uid": asked["uid"], "allowed": True, "patchType": "JSONPatch",
            "patch": base64.b64encode(patch).decode(),
        }  # fmt: skip
        answer = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": said}
        body = json.dumps(answer).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Says that it is there."""
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()


def serve() -> None:
    """Answers the API server."""
    server = ThreadingHTTPServer(("", 8443), Webhook)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(KEYS / "tls.crt", KEYS / "tls.key")
    server.socket = secure.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


def main() -> None:
    """Looks at every Archive once a second."""
    threading.Thread(target=serve, daemon=True).start()
    while True:
        try:
            for archive in ask("GET", ARCHIVES)["items"]:
                if "deletionTimestamp" not in archive["metadata"]:
                    look_after(archive)
        except OSError as error:
            sys.stdout.write(f"cannot look after the archives: {error}\n")
        time.sleep(1)


main()
