"""Prometheus metrics of finished drills, in a registry of their own."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from drills.record import CleanupOutcome, DrillRecord, Verdict

STAGE_BUCKETS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 1800, 3600, 7200)


class Metrics:
    """What `/metrics` shows. Durations in seconds, instants in seconds since 1970."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        label = ["scenario"]
        self._drills = Counter(
            "restore_drill_total",
            "Drills by verdict",
            ["scenario", "verdict"],
            registry=self.registry,
        )
        self._last = {
            name: Gauge(f"restore_drill_last_{name}", words, label, registry=self.registry)
            for name, words in GAUGES.items()
        }
        self._stages = Histogram(
            "restore_drill_stage_seconds",
            "Duration of each stage",
            ["scenario", "stage"],
            buckets=STAGE_BUCKETS,
            registry=self.registry,
        )
        self._running = Gauge("restore_drill_running", "Drills under way", registry=self.registry)
        self._leftovers = Gauge(
            "restore_drill_leftovers", "Things the last drill left", label, registry=self.registry
        )

    def started(self) -> None:
        """Count a drill under way."""
        self._running.inc()

    def ended(self) -> None:
        """Count a drill as over, however it ended."""
        self._running.dec()

    def observe(self, record: DrillRecord) -> None:
        """Take note of one finished drill."""
        scenario = record.scenario.name
        self._drills.labels(scenario, str(record.verdict)).inc()
        for name, value in _values(record).items():
            if value is not None:
                self._last[name].labels(scenario).set(value)
        for stage in record.stages:
            self._stages.labels(scenario, stage.name).observe(stage.seconds)
        left = record.cleanup.outcome is CleanupOutcome.LEFTOVERS
        self._leftovers.labels(scenario).set(len(record.cleanup.leftovers) if left else 0)

    def render(self) -> bytes:
        """Return the text exposition format."""
        return generate_latest(self.registry)


GAUGES: Mapping[str, str] = {
    "run_timestamp_seconds": "End of the last drill",
    "success_timestamp_seconds": "End of the last drill that passed or warned",
    "success": "1 where the last drill passed or warned, else 0",
    "rto_seconds": "RTO achieved by the last drill that measured one",
    "rto_target_seconds": "RTO target",
    "rpo_seconds": "RPO achieved by the last drill that measured one",
    "rpo_target_seconds": "RPO target",
    "worst_case_rpo_seconds": "Longest gap between usable recovery points",
    "proof_level": "0 none, 1 objects, 2 service, 3 data",
}


def _values(record: DrillRecord) -> dict[str, float | None]:
    good = record.verdict in {Verdict.PASSED, Verdict.WARNED}
    ended = record.ended_at.timestamp()
    objectives = record.objectives
    return {
        "run_timestamp_seconds": ended,
        "success_timestamp_seconds": ended if good else None,
        "success": 1.0 if good else 0.0,
        "rto_seconds": objectives.rto.achieved_seconds,
        "rto_target_seconds": objectives.rto.target_seconds,
        "rpo_seconds": objectives.rpo.achieved_seconds,
        "rpo_target_seconds": objectives.rpo.target_seconds,
        "worst_case_rpo_seconds": objectives.worst_case_seconds,
        "proof_level": float(record.proof_level.rank),
    }
