"""Waits until a Job has completed, as init containers do: by asking the API server for the Job."""

import json
import ssl
import sys
import time
import urllib.request
from pathlib import Path

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def completed(job: str) -> bool:
    """Whether the Job is there and done."""
    space = (ACCOUNT / "namespace").read_text()
    request = urllib.request.Request(
        f"https://kubernetes.default.svc/apis/batch/v1/namespaces/{space}/jobs/{job}",
        headers={"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}"},
    )
    trust = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    try:
        with urllib.request.urlopen(request, context=trust, timeout=5) as answer:  # noqa: S310
            return bool(json.load(answer).get("status", {}).get("succeeded"))
    except OSError as error:
        sys.stdout.write(f"job {job}: {error}\n")
        return False


while not completed(sys.argv[1]):
    time.sleep(1)
