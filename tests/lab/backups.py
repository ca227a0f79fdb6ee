"""The lab's Velero: object store, server outside the cluster, application, first backup.

In comes a running control plane, out come a Velero whose storage is Available, a namespace
`production`, and a Completed backup of it that was made from its Schedule.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.lab import parts
from tests.lab.cluster import Cluster, read_manifest, status_of
from tests.lab.control_plane import MANIFESTS, Places
from tests.lab.processes import Run, wait_until

BUCKET = "lab-backups"
NAMESPACE = "velero"
SCHEDULE = "production-daily"
_VELERO_API = "velero.io/v1"
_LOCAL = "127.0.0.1"
_SECONDS = 60.0


def start_velero(run: Run, places: Places, cluster: Cluster) -> None:
    """Starts the object store and Velero, and waits until its storage is Available.

    Raises:
        LabError: Something ended or was not ready in time.
    """
    url, credentials = start_store(run, places, _LOCAL)
    run_velero(run, "install", "--crds-only")
    cluster.refresh()
    words = {"BUCKET": BUCKET, "S3_URL": url}
    for document in read_manifest(MANIFESTS / "velero.yaml", words):
        cluster.apply(document)
    process = run.start(
        "velero",
        [
            str(parts.VELERO.path),
            "server",
            f"--kubeconfig={run.kubeconfig}",
            f"--plugin-dir={parts.PLUGINS}",
            f"--metrics-address={_LOCAL}:{places.velero_metrics}",
            f"--profiler-address={_LOCAL}:{places.velero_profiler}",
            "--backup-sync-period=5s",
            "--store-validation-frequency=5s",
        ],
        {
            "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
            "AWS_EC2_METADATA_DISABLED": "true",
            "VELERO_NAMESPACE": NAMESPACE,
            "VELERO_SCRATCH_DIR": str(run.folder / "velero"),
        },
    )
    wait_until(
        "Available storage location",
        lambda: storage_available(cluster),
        seconds=_SECONDS,
        process=process,
    )


def storage_available(cluster: Cluster) -> bool:
    """Whether Velero calls its storage location Available."""
    found = cluster.find(_VELERO_API, "BackupStorageLocation", "default", NAMESPACE)
    return status_of(found).get("phase") == "Available"


def start_store(run: Run, places: Places, host: str) -> tuple[str, Path]:
    """Starts the object store and makes the bucket.

    Args:
        run: The lab's folder.
        places: Where everything listens.
        host: The address that the store listens on.

    Returns:
        Its URL, and a file with the credentials that open it.
    """
    import boto3  # noqa: PLC0415 - slow to import, and only `up` needs it
    from botocore.config import Config  # noqa: PLC0415 - likewise

    credentials = run.folder / "velero" / "credentials"
    credentials.parent.mkdir()
    credentials.write_text(
        "[default]\naws_access_key_id = lab\naws_secret_access_key = lab\n", encoding="utf-8"
    )
    url = f"http://{host}:{places.s3}"
    process = run.start(
        "s3", [sys.executable, "-m", "moto.server", "-H", host, "-p", str(places.s3)]
    )
    store = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="lab",
        aws_secret_access_key="lab",
        config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}),
    )

    def bucket_made() -> bool:
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - likewise

        try:
            store.create_bucket(Bucket=BUCKET)
        except BotoCoreError:
            return False
        return True

    wait_until("object store", bucket_made, seconds=_SECONDS, process=process)
    return url, credentials


def run_velero(run: Run, *arguments: str) -> str:
    """Runs Velero's command line against the lab and returns what it wrote.

    Raises:
        LabError: It failed; its words are in the message.
    """
    done = subprocess.run(
        [str(parts.VELERO.path), *arguments, f"--kubeconfig={run.kubeconfig}"],
        env={"PATH": os.environ["PATH"], "HOME": str(run.folder), "VELERO_NAMESPACE": NAMESPACE},
        capture_output=True,
        text=True,
        timeout=_SECONDS * 2,
        check=False,
    )
    if done.returncode != 0:
        raise parts.LabError(f"velero {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def apply_production(places: Places, cluster: Cluster) -> None:
    """Applies the application and waits until it runs.

    Raises:
        LabError: Its pods were not Ready or its Job not done in time.
    """
    for document in read_manifest(MANIFESTS / "production.yaml", {"WEB_PORT": str(places.web)}):
        cluster.apply(document)

    def runs() -> bool:
        shop = status_of(cluster.find("apps/v1", "Deployment", "shop", "production"))
        job = status_of(cluster.find("batch/v1", "Job", "migrate", "production"))
        return shop.get("availableReplicas") == 2 and job.get("succeeded") == 1

    wait_until("running application", runs, seconds=_SECONDS)


def back_up(run: Run, cluster: Cluster) -> str:
    """Makes a backup from the Schedule and returns its name once it is Completed.

    Raises:
        LabError: The backup ended otherwise.
    """
    run_velero(run, "backup", "create", "--from-schedule", SCHEDULE, "--wait")
    newest = max(
        cluster.list(_VELERO_API, "Backup", NAMESPACE),
        key=lambda backup: str(status_of(backup).get("startTimestamp", "")),
    )
    name, phase = newest["metadata"]["name"], status_of(newest).get("phase")  # type: ignore[index]
    if phase != "Completed":
        raise parts.LabError(f"backup {name} ended {phase}; see {run.logs / 'velero.log'}")
    return str(name)
