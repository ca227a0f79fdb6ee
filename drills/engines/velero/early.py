"""A restore's files asked for while Velero is still restoring, so that nobody waits for them later.

In: the Site, and the moment at which Velero began. Out: the same files as `requested_files` gives.
Velero v1.18 signs an address for a file that is not there yet: it looks at the Restore alone
(`download_request_controller.go`), and the address is good for ten minutes.
"""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from drills.engines.velero.files import RequestedFiles, requested_files
from drills.engines.velero.requests import Target
from drills.engines.velero.site import Site
from drills.errors import DrillError, Interrupted

GOOD_SECONDS = 300.0
"""How long an address is relied on: half of its life."""
STILL_SECONDS = 2.0
"""How long an answer is waited for after the restore's end, before it is asked for anew."""


class EarlyFiles:
    """Asks once, in the background; use it as a context, which leaves no request behind."""

    def __init__(self, site: Site, targets: Iterable[Target], labels: Mapping[str, str]) -> None:
        self._site, self._targets, self._labels = site, tuple(targets), labels
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="restore-files")
        self._asked: Future[RequestedFiles] | None = None
        self._asked_at = 0.0

    def __enter__(self) -> Self:
        """Return the files to be."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what is still asked for, and wait until its requests are removed."""
        self._over.set()
        self._pool.shutdown()

    def begin(self, name: str) -> None:
        """Ask for the files of restore `name`, which Velero knows; later calls do nothing."""
        if self._asked is None:
            self._asked_at = self._site.ports.clock.monotonic()
            self._asked = self._pool.submit(self._ask, name)

    def files(self, name: str) -> RequestedFiles:
        """Return the files, asked for anew where that did not go well; raises as asking does."""
        age = self._site.ports.clock.monotonic() - self._asked_at
        if self._asked is not None and age < GOOD_SECONDS:
            try:
                found = self._asked.result(timeout=STILL_SECONDS)
            except Interrupted:
                raise
            except (DrillError, TimeoutError):
                found = None
            if found is not None and found.whole:
                return found
        return requested_files(self._site, name, self._targets, self._labels)

    def _ask(self, name: str) -> RequestedFiles:
        return requested_files(self._site, name, self._targets, self._labels, cut=self._over.is_set)
