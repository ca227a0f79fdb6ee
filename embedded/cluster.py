"""The embedded cluster: a Kubernetes API, controllers, a Velero server and an S3 store.

In: nothing, a copied bucket, or the address of a real one. Out: a cluster on 127.0.0.1 that the
official client and kubectl can talk to, with backups to restore. It runs no containers; what it
answers for them comes from stand-ins and says so.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from embedded.apiserver import ApiServer
from embedded.buckets import Bucket, Source, copy_folder
from embedded.controllers.manager import Controllers
from embedded.controllers.pod_faults import PodFaults
from embedded.faults import Faults
from embedded.json_objects import JsonObject
from embedded.objects import Objects
from embedded.remote_faults import remote_faults
from embedded.s3_server import S3Server
from embedded.sample_bucket import SampleNights
from embedded.seed import RE_DATED, seed_cluster, seed_production, seed_velero
from embedded.stand_ins import StandIns
from embedded.storage import Storage
from embedded.velero.server import VeleroOptions, VeleroServer

if TYPE_CHECKING:
    from embedded.s3_source import S3Source

CONTEXT = "embedded"
LIVED = timedelta(days=30)
"""How long the sample's production has lived: longer than its backups."""


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class EmbeddedCluster:
    """A whole cluster in this process; use it as a context manager.

    Args:
        store: where backups come from: None for the sample, a folder with a copied bucket, or
            `s3://BUCKET/PREFIX[?endpoint=URL&region=NAME]`, which is only read.
        stand_ins: names of built-in stand-ins that answer for containers.
        now: the clock behind all timestamps.
        velero_options: the Velero server's time limits.

    Raises:
        StoreNotUsable: on entering, when `store` holds no backup.
        UnknownStandIn: when a stand-in is not known.
    """

    def __init__(
        self,
        *,
        store: str | None = None,
        stand_ins: Sequence[str] = (),
        now: Callable[[], datetime] = _wall_clock,
        velero_options: VeleroOptions | None = None,
    ) -> None:
        self._store = store
        self._now = now
        self._ago = timedelta()
        self.storage = Storage(now=lambda: now() - self._ago)
        self.objects = Objects(self.storage)
        self.stand_ins = StandIns(self.objects)
        for name in stand_ins:
            self.stand_ins.use(name)
        self.faults = Faults()
        self._options = velero_options or VeleroOptions()
        self._api = ApiServer(self.storage, self.stand_ins, self.faults)
        self._s3 = S3Server()
        self._controllers = Controllers(self.objects, now, any_storage_class=store is not None)
        self._foreign: S3Source | None = None
        self._velero: VeleroServer | None = None
        self._bucket: Bucket | None = None

    def __enter__(self) -> Self:
        """Start the cluster and return it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the cluster."""
        self.stop()

    @property
    def url(self) -> str:
        """Return the URL of the API server."""
        return self._api.url

    @property
    def pods(self) -> PodFaults:
        """Return the switches for what goes wrong with pods."""
        return self._controllers.pod_faults

    @property
    def velero(self) -> VeleroServer:
        """Return the Velero server with its knobs; only once started."""
        if self._velero is None:
            raise RuntimeError("the embedded cluster is not started")
        return self._velero

    @property
    def bucket(self) -> Bucket:
        """Return the bucket that Velero works on; only once started."""
        if self._bucket is None:
            raise RuntimeError("the embedded cluster is not started")
        return self._bucket

    def kubeconfig(self, path: Path, *, plain: bool = True) -> Path:
        """Write a kubeconfig with the context `embedded`, readable by its owner only.

        Args:
            path: the file to write.
            plain: whether clients talk without TLS, which never leaves this machine anyway and is
                faster; kubectl needs TLS, since it sends no token without it.
        """
        self._api.write_kubeconfig(path, CONTEXT, plain=plain)
        return path

    def snapshot(self) -> dict[tuple[str, str, str], JsonObject]:
        """Return every object, keyed by group_resource, namespace and name."""
        return self.storage.snapshot()

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until the controllers have nothing to do; return whether that came to be."""
        return self._controllers.settle(seconds)

    @contextmanager
    def earlier(self, ago: timedelta) -> Iterator[None]:
        """Let what is created meanwhile be older by `ago` than it is."""
        self._ago = ago
        try:
            yield
        finally:
            self._ago = timedelta()

    def start(self) -> None:
        """Start all parts; returns once backups are synced and workloads are ready."""
        self._s3.start()
        try:
            self._controllers.start()
            seed_cluster(self.objects, "local")
            seed_velero(self.objects, self._place())
            if self._store is None:
                with self.earlier(LIVED):
                    seed_production(self.objects)
            self._bucket = Bucket(self._s3, self._source())
            self._velero = VeleroServer(self.objects, self._bucket, self._now, self._options)
            if self._store is None:
                nights = SampleNights(self._s3.put, self._now)
                nights.fill()
                self._velero.before_sync = nights.pass_on
            self._velero.start()
            self.faults.others.update(remote_faults(self._velero, self.pods))
            self._controllers.settle()
            self._api.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all threads, close all sockets, forget all objects in the store."""
        self._api.stop()
        if self._velero is not None:
            self._velero.stop()
        self._controllers.stop()
        self._s3.stop()
        if self._foreign is not None:
            self._foreign.close()

    def _source(self) -> Source | None:
        if self._store is None:
            return None
        if self._store.startswith("s3://"):
            from embedded.s3_source import S3Source  # noqa: PLC0415  # boto3 takes 0.2 s

            self._foreign = S3Source(self._store)
            return self._foreign
        return copy_folder(self._s3, Path(self._store))

    def _place(self) -> JsonObject:
        annotations = {RE_DATED: "re-dated"} if self._store is None else {}
        return {
            "bucket": self._s3.bucket,
            "s3Url": self._s3.url,
            "annotations": annotations,
        }
