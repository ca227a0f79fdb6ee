"""Every object of a kind, kept up to date by a watch.

In comes a kubeconfig and a kind, out come the objects as they are now, and a call at each change.
"""

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from tests.lab.cluster import Cluster

_WATCH_SECONDS = 300
_REST_SECONDS = 0.5

Key = tuple[str, str]
"""Namespace, empty where there is none, and name."""


class Watched:
    """The objects of one kind; a thread of its own keeps them."""

    def __init__(
        self, kubeconfig: Path, api_version: str, kind: str, changed: Callable[[], None]
    ) -> None:
        self._cluster = Cluster(kubeconfig)
        self._kind = (api_version, kind)
        self._changed = changed
        self._lock = threading.Lock()
        self._objects: dict[Key, Mapping[str, Any]] = {}
        self._listed = threading.Event()

    def start(self) -> None:
        """Begins to watch, and returns once everything was listed."""
        threading.Thread(target=self._follow, daemon=True).start()
        self._listed.wait()

    def objects(self) -> dict[Key, Mapping[str, Any]]:
        """What there is now."""
        with self._lock:
            return dict(self._objects)

    def _follow(self) -> None:
        while True:
            try:
                self._listen(self._list())
            except Exception:  # noqa: BLE001 - the API server was away, or forgot our version
                traceback.print_exc()
                time.sleep(_REST_SECONDS)

    def _list(self) -> str:
        version, items = self._cluster.list_with_version(*self._kind)
        with self._lock:
            self._objects = {_key(item): item for item in items}
        self._listed.set()
        self._changed()
        return version

    def _listen(self, version: str) -> None:
        for event, item in self._cluster.watch(*self._kind, version, _WATCH_SECONDS):
            if event == "ERROR":
                return
            with self._lock:
                if event == "DELETED":
                    self._objects.pop(_key(item), None)
                else:
                    self._objects[_key(item)] = item
            self._changed()


def _key(item: Mapping[str, Any]) -> Key:
    meta = cast("Mapping[str, str]", item["metadata"])
    return meta.get("namespace", ""), meta["name"]
