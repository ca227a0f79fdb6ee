"""Makes `tests/corpus` anew: `python tests/lab/corpus/making.py [VERSION...]`, or `make corpus`.

Builds each Velero, brings the lab's real node up, backs the application up with one version after
the other, and keeps what lies in the buckets afterwards. Needs Go, and root on Linux.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.lab import parts
from tests.lab.backups import NAMESPACE
from tests.lab.cluster import Cluster, read_manifest, status_of
from tests.lab.control_plane import read_places
from tests.lab.corpus import veleros
from tests.lab.corpus.veleros import Location, Velero
from tests.lab.lifecycle import State
from tests.lab.node import images, network
from tests.lab.node import lifecycle as node
from tests.lab.node.containerd import import_image
from tests.lab.node.velero import established
from tests.lab.parts import LabError
from tests.lab.processes import REAL_NODE, Run, wait_until

KEPT = parts.LAB.parent / "corpus"
"""Where the backups are kept: `velero-VERSION/BUCKET/`, laid out as a bucket is."""
APPLICATION = Path(__file__).with_name("application.yaml")
BOTH = "--include-namespaces=cellar,orchard"
VOLUMES = "--default-volumes-to-fs-backup"
GROUP_VERSIONS = "EnableAPIGroupVersions"
_SECONDS = 300.0
_OPTED_OUT = "backup.velero.io/backup-volumes-excludes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The lab as it is while a corpus is made."""

    run: Run
    cluster: Cluster
    buckets: "Buckets"

    def location(self, name: str) -> Location:
        """An empty bucket of that name."""
        self.buckets.make_empty(name)
        credentials = self.run.folder / "velero" / "credentials"
        return Location(name=name, url=self.buckets.url, credentials=credentials)


class Buckets:
    """The lab's object store."""

    def __init__(self, url: str) -> None:
        import boto3  # noqa: PLC0415 - slow to import

        self.url = url
        self._client = boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1",
            aws_access_key_id="lab", aws_secret_access_key="lab",
        )  # fmt: skip

    def make_empty(self, bucket: str) -> None:
        """Makes a bucket, or empties the one that is there."""
        if bucket not in {found["Name"] for found in self._client.list_buckets()["Buckets"]}:
            self._client.create_bucket(Bucket=bucket)
        for key in self._keys(bucket):
            self._client.delete_object(Bucket=bucket, Key=key)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Writes one object."""
        self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def files(self, bucket: str) -> Iterator[tuple[str, bytes]]:
        """Key and content of everything in a bucket."""
        for key in self._keys(bucket):
            found = self._client.get_object(Bucket=bucket, Key=key)
            yield key, found["Body"].read()

    def _keys(self, bucket: str) -> tuple[str, ...]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return tuple(found["Key"] for page in pages for found in page.get("Contents", ()))


def main(versions: Iterable[str]) -> None:
    """Makes the backups of these versions, all by default."""
    wanted = [Velero(version=version) for version in (tuple(versions) or veleros.VERSIONS)]
    build(wanted)
    with workshop() as shop:
        apply(shop.cluster)
        for velero in wanted:
            _say(f"Velero {velero.version}")
            make(shop, velero)


def build(wanted: Iterable[Velero]) -> None:
    """Builds what is missing of programs and images."""
    node.build(_say)
    for velero in wanted:
        for part in velero.programs:
            if parts.missing_parts((part,)):
                parts.build_part(part)
                _say(f"built {part.name} {part.version}")
        for name in images.make_images((velero.image,)):
            _say(f"made image {name}")


@contextmanager
def workshop() -> Iterator[Workshop]:
    """The lab's real node, taken down afterwards if it was down before."""
    ours = node.up(_say) is not State.RUNNING
    cluster = Cluster(REAL_NODE.kubeconfig)
    places = read_places(REAL_NODE)
    buckets = Buckets(f"http://{places.address}:{places.s3}")
    keeper = next(found for found in REAL_NODE.started() if found.name == network.KEEPER)
    run = replace(REAL_NODE, enter=network.way_in(keeper))
    try:
        yield Workshop(run=run, cluster=cluster, buckets=buckets)
    finally:
        cluster.close()
        if ours:
            node.down()


def apply(cluster: Cluster) -> None:
    """Applies the application and waits until all of it runs."""
    definition, *others = read_manifest(APPLICATION, {})
    cluster.apply(definition)
    wait_until("custom kind", lambda: established(cluster, [definition]), seconds=_SECONDS)
    cluster.refresh()
    for document in others:
        cluster.apply(document)
    wait_until("running application", lambda: _runs(cluster), seconds=_SECONDS)


def make(shop: Workshop, velero: Velero) -> None:
    """Backs the application up with one version, in every way that it knows."""
    if velero.version != veleros.OWN:
        import_image(shop.run, velero.image.archive)
    veleros.remove(shop.cluster)
    kopia = shop.location("kopia")
    veleros.install(shop.run, shop.cluster, velero, kopia)
    by_kopia(shop, velero, kopia)
    if velero.writes_restic:
        restarted(shop, velero, "restic", "--uploader-type=restic")
    if velero.version == veleros.OWN:
        restarted(shop, velero, "versions", f"--features={GROUP_VERSIONS}")


def by_kopia(shop: Workshop, velero: Velero, location: Location) -> None:
    """Makes the backups of which there is one by each version."""
    nothing = "--snapshot-volumes=false"
    everything = ("--include-namespaces=cellar", "--include-cluster-resources=true")
    back_up(shop, velero, "full", BOTH, VOLUMES)
    back_up(shop, velero, "none", BOTH, nothing)
    back_up(shop, velero, "cluster", *everything, nothing)
    with opted_out(shop.cluster):
        back_up(shop, velero, "opted-out", BOTH, VOLUMES)
    velero.run(shop.run, "schedule", "create", "nightly", "--schedule=0 1 * * *", BOTH, VOLUMES)
    back_up(shop, velero, "", "--from-schedule=nightly")
    keep(shop, velero, location)


def restarted(shop: Workshop, velero: Velero, name: str, *server: str) -> None:
    """Makes one backup, in a bucket of its own, with a server of other settings."""
    location = shop.location(name)
    veleros.add_location(shop.cluster, location)
    veleros.restart(shop.cluster, *server)
    back_up(shop, velero, name, BOTH, VOLUMES, f"--storage-location={name}")
    keep(shop, velero, location)


def keep(shop: Workshop, velero: Velero, location: Location) -> None:
    """Copies a bucket into the corpus, in place of what was kept of it before."""
    target = KEPT / f"velero-{velero.version}" / location.name
    shutil.rmtree(target, ignore_errors=True)
    for key, content in shop.buckets.files(location.name):
        path = target / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    _say(f"  kept {target.relative_to(KEPT)}")


def back_up(shop: Workshop, velero: Velero, name: str, *words: str) -> None:
    """Makes a backup with the version's own command line.

    Raises:
        LabError: It was not Completed.
    """
    # Each name once, so that one Velero can be shown the backups of all.
    named = [f"{name}-{velero.version.replace('.', '-')}"] if name else []
    velero.run(shop.run, "backup", "create", *named, *words, "--wait")
    newest = max(
        cast("tuple[dict[str, Any], ...]", shop.cluster.list(veleros.API, "Backup", NAMESPACE)),
        key=lambda backup: str(status_of(backup).get("startTimestamp", "")),
    )
    phase = status_of(newest).get("phase")
    if phase != "Completed":
        raise LabError(f"backup {newest['metadata']['name']} ended {phase}")
    _say(f"  backed up {newest['metadata']['name']}")


@contextmanager
def opted_out(cluster: Cluster) -> Iterator[None]:
    """A pod says meanwhile that its volume is to be left out of file-system backup."""
    _annotate(cluster, "data")
    try:
        yield
    finally:
        _annotate(cluster, None)


def _annotate(cluster: Cluster, volumes: str | None) -> None:
    change = {"metadata": {"annotations": {_OPTED_OUT: volumes}}}
    cluster.patch("v1", "Pod", "casks-1", change, "cellar")


def _runs(cluster: Cluster) -> bool:
    casks = status_of(cluster.find("apps/v1", "StatefulSet", "casks", "cellar"))
    web = status_of(cluster.find("apps/v1", "Deployment", "web", "orchard"))
    press = status_of(cluster.find("batch/v1", "Job", "press", "orchard"))
    ready = (casks.get("readyReplicas"), web.get("availableReplicas"), press.get("succeeded"))
    return ready == (2, 1, 1)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
