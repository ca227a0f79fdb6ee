"""Makes the kopia repository of tests/corpus/kopia-aged: weeks of snapshots and maintenance.

In: a kopia that takes its time from a server (in `tests/lab/tools/kopia`: `go build -tags testing
-o FILE github.com/kopia/kopia`). Out: the folder, with one snapshot a day for 24 days, quick
maintenance each day and full maintenance every third. Epochs advance early, so that they did.

    python tests/lab/corpus/aged_kopia.py KOPIA DIR
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import moto.s3.models
from moto.server import ThreadedMotoServer

BUCKET, PREFIX, DAYS = "velero", "kopia/production/", 24
PASSWORD = "static-passw0rd"
EARLY = ("min-duration=1h", "refresh-frequency=10m", "cleanup-safety-margin=1h")
EARLIER = ("checkpoint-frequency=3", "advance-on-count=10")


class Clock(BaseHTTPRequestHandler):
    """Tells kopia the time, `internal/clock/now_testing.go`."""

    now = datetime(2026, 9, 1, 2, tzinfo=UTC)

    def do_GET(self) -> None:
        """Answer with the time, good for a millisecond."""
        time = Clock.now.isoformat().replace("+00:00", "Z")
        body = json.dumps({"time": time, "validFor": 1_000_000}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main(kopia: str, folder: Path) -> str:
    """Make the repository; return the newest snapshot's name."""
    moto.s3.models.utcnow = lambda: Clock.now.replace(tzinfo=None)  # kopia compares its clock
    clock = ThreadingHTTPServer(("127.0.0.1", 0), Clock)
    threading.Thread(target=clock.serve_forever, daemon=True).start()
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    place = "{}:{}".format(*store.get_host_and_port())
    keys = {"aws_access_key_id": "made-up", "aws_secret_access_key": "made-up"}
    client = boto3.client("s3", endpoint_url=f"http://{place}", region_name="us-east-1", **keys)
    client.create_bucket(Bucket=BUCKET)
    try:
        with tempfile.TemporaryDirectory() as home:
            env = {
                **os.environ,
                "HOME": home,
                "KOPIA_PASSWORD": PASSWORD,
                "KOPIA_CHECK_FOR_UPDATES": "false",
                "KOPIA_FAKE_CLOCK_ENDPOINT": f"http://127.0.0.1:{clock.server_port}/",
            }
            newest = _live(Kopia(kopia, Path(home), env), place)
        _keep(client, folder)
        return newest
    finally:
        store.stop()
        clock.shutdown()


class Kopia:
    """The command line with one repository."""

    def __init__(self, binary: str, home: Path, env: dict[str, str]) -> None:
        self._binary, self.home, self._env = binary, home, env

    def __call__(self, *words: str) -> str:
        """Run a command and return what it said."""
        common = ("--config-file", str(self.home / "config"), "--log-dir", str(self.home / "log"))
        done = subprocess.run(
            (self._binary, *words, *common), env=self._env, capture_output=True, check=True
        )
        return done.stdout.decode()


def _live(kopia: Kopia, place: str) -> str:
    store = ("--bucket", BUCKET, "--prefix", PREFIX, "--endpoint", place, "--disable-tls")
    kopia("repository", "create", "s3", *store, "--access-key=x", "--secret-access-key=x")
    kopia("repository", "set-parameters", *(f"--epoch-{word}" for word in (*EARLY, *EARLIER)))
    kept = ("hourly", "daily", "weekly", "monthly", "annual")
    kopia("policy", "set", "--global", "--keep-latest=3", *(f"--keep-{word}=0" for word in kept))
    data, chance = kopia.home / "data", random.Random(1)  # noqa: S311 - the same data each time
    data.mkdir()
    for day in range(DAYS):
        (data / "heartbeat.log").write_text(f"day {day}\n" * 20)
        (data / f"f{day % 4}").write_bytes(chance.randbytes(700))
        kopia("snapshot", "create", str(data))
        Clock.now += timedelta(hours=2)
        kopia("maintenance", "run", "--safety=full")
        Clock.now += timedelta(hours=10)
        if day % 3 == 2:
            kopia("maintenance", "run", "--full", "--safety=full")
        Clock.now += timedelta(hours=12)
    return str(json.loads(kopia("snapshot", "list", "--json"))[-1]["id"])


def _keep(client: "boto3.client.S3", folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for stored in page["Contents"]:
            key = stored["Key"]
            if "/_log_" not in key:
                file = folder / key
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(client.get_object(Bucket=BUCKET, Key=key)["Body"].read())


if __name__ == "__main__":
    print(main(sys.argv[1], Path(sys.argv[2])))  # noqa: T201 - what the test needs to know
