"""Prometheus metrics of one run of `verify`, for node_exporter's textfile collector.

In: a VerifyRecord. Out: the text exposition format, from a registry of its own. A run that could
not begin writes nothing, so alert on an old `last_run_timestamp_seconds` too.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from drills.findings import Severity
from drills.integrity.result import State
from reports import plain
from reports.verify_record import VerifyRecord

PREFIX = "restore_drill_verify"

Sample = tuple[str, str, dict[str, str], float]


def render_metrics(record: VerifyRecord) -> bytes:
    """Return the metrics; durations in seconds, instants in seconds since 1970.

    Each carries `location`: two files with the same metrics and labels would shut each other out.
    """
    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}
    place = plain.text(record.place)
    for name, words, labels, value in _samples(record):
        if name not in gauges:
            names = ["location", *labels]
            gauges[name] = Gauge(f"{PREFIX}_{name}", words, names, registry=registry)
        gauges[name].labels(place, *labels.values()).set(value)
    return generate_latest(registry)


def _samples(record: VerifyRecord) -> Iterator[Sample]:
    found = record.all_findings
    for state in State:
        many = sum(one.state is state for one in record.backups)
        yield "backups", "Backups checked, by verdict", {"verdict": state.value}, many
    for severity in Severity:
        many = sum(f.severity is severity for f in found)
        yield "findings", "Findings, by severity", {"severity": severity.value}, many
    yield "unanswered", "Findings that left a question open", {}, sum(f.unanswered for f in found)
    yield "good", "1 where nothing speaks against the backups", {}, record.state is State.GOOD
    yield "bytes", "Stored bytes that were read", {}, record.bytes_read
    yield "seconds", "Duration of the run", {}, record.seconds
    ended = record.started_at.timestamp() + record.seconds
    yield "last_run_timestamp_seconds", "End of the run", {}, ended
