"""Faults of Velero and of pods, for tests in another process.

In: JSON objects posted to `/__embedded__/faults`, such as `{"fault": "velero-hang", "phase":
"Finalizing"}`. Out: the knobs of the cluster turned.
"""

from collections.abc import Callable, Mapping
from typing import Any

from embedded.controllers.pod_faults import PodFaults
from embedded.velero.server import VeleroServer

Asked = Mapping[str, Any]


def remote_faults(velero: VeleroServer, pods: PodFaults) -> Mapping[str, Callable[[Asked], None]]:
    """Return what to do for each word; missing keys of what is asked have the knobs' defaults."""
    return {
        "velero-hang": lambda asked: velero.hang(str(asked.get("phase", "InProgress"))),
        "velero-release": lambda _: velero.release(),
        "velero-slow": lambda asked: velero.slow(float(asked.get("seconds", 0))),
        "velero-fail-items": lambda asked: velero.fail_items(
            str(asked.get("pattern", "*")), str(asked.get("message", "denied by a fault"))
        ),
        "velero-heal-items": lambda _: velero.heal_items(),
        "velero-end-in": lambda asked: velero.end_next_restore_in(str(asked.get("phase", ""))),
        "velero-vanish": lambda _: velero.delete_next_restore(),
        "velero-fail-uploads": lambda asked: velero.fail_uploads(*asked.get("patterns", ())),
        "velero-silent": lambda _: velero.answer_requests(answers=False),
        "velero-answers": lambda _: velero.answer_requests(answers=True),
        "velero-lose-location": lambda _: velero.lose_location(),
        "velero-find-location": lambda _: velero.find_location(),
        "velero-stop": lambda _: velero.stop_server(),
        "velero-start": lambda _: velero.start_server(),
        "velero-restart": lambda _: velero.restart(),
        "pods": lambda asked: pods.add(
            str(asked.get("how", "never-ready")),
            namespace=str(asked.get("namespace", "*")),
            name=str(asked.get("name", "*")),
        ),
        "pods-recover": lambda _: pods.clear(),
    }
