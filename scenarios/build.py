"""A checked document to a Scenario. What the document leaves out, the model's defaults say."""

from dataclasses import replace
from datetime import timedelta

from scenarios.document import Document
from scenarios.frozen import FrozenMap, freeze_map
from scenarios.kinds import full_name
from scenarios.model import (
    BackupQuery,
    CleanupPolicy,
    ClusterRef,
    IsolationSpec,
    LimitsSpec,
    NetworkIsolation,
    ObjectivesSpec,
    Pick,
    PickMode,
    ProberSpec,
    ProbeSpec,
    ProofLevel,
    RestoreSpec,
    RetentionSpec,
    Scenario,
    ScheduleSpec,
    SourceComparison,
)
from scenarios.proofs import kind_of, proof_of
from scenarios.sizes import parse_size


def build(document: Document, *, source: str, sha256: str) -> Scenario:
    """Return the scenario that a document without complaints describes."""
    metadata, spec = document.part("metadata"), document.part("spec")
    prove = spec.text("prove")
    return Scenario(
        name=metadata.text("name"),
        description=metadata.text("description"),
        owner=metadata.text("owner"),
        source=source,
        sha256=sha256,
        schedule=_schedule(spec),
        cluster=_cluster(spec.part("cluster")),
        target=_cluster(spec.part("target")) if spec.has("target") else None,
        backup=_backup(spec.part("backup")),
        restore=_restore(spec.part("restore")),
        isolation=_isolation(spec.part("isolation")),
        objectives=_objectives(spec.part("objectives")),
        retention=_retention(spec.part("retention")),
        prove=ProofLevel(prove) if prove else None,
        probes=tuple(_probe(probe) for _, probe in document.probes()),
        cleanup=CleanupPolicy(spec.text("cleanup") or CleanupPolicy.ALWAYS),
        controls=spec.words("controls"),
    )


def _schedule(spec: Document) -> ScheduleSpec | None:
    cron = spec.text("schedule", "cron")
    zone = spec.text("schedule", "timeZone") or "UTC"
    return ScheduleSpec(cron=cron, time_zone=zone) if cron else None


def _cluster(part: Document) -> ClusterRef:
    return ClusterRef(
        context=part.text("context") or None,
        kubeconfig=part.text("kubeconfig") or None,
        in_cluster=part.flag("inCluster"),
        embedded=part.flag("embedded"),
        stand_ins=part.words("standIns"),
    )


def _backup(part: Document) -> BackupQuery:
    return BackupQuery(
        engine=part.text("engine"),
        namespace=part.text("namespace") or None,
        schedule=part.text("schedule") or None,
        name=part.text("name") or None,
        labels=FrozenMap(part.texts("labels")),
        namespaces=part.words("namespaces"),
        location=part.text("location") or None,
        pick=_pick(part.part("pick")),
        max_age=part.duration("maxAge"),
        accept_partially_failed=part.text("partiallyFailed") == "accept",
        comparison=_comparison(part),
        options=freeze_map(part.table("options")),
    )


def _comparison(part: Document) -> SourceComparison | None:
    """Return what `true`, `auto`, `false` or `{except: [...]}` mean; left out means auto."""
    excepted = _kinds(part, "compareWithSource", "except")
    required = part.flag("compareWithSource") or bool(excepted)
    if not required and part.at("compareWithSource") is False:
        return None
    return SourceComparison(required=required, excepted=excepted)


def _kinds(part: Document, *keys: str) -> tuple[str, ...]:
    """Return the kinds in full, each once."""
    return tuple(dict.fromkeys(full_name(word) for word in part.words(*keys)))


def _pick(part: Document) -> Pick:
    window = part.duration("randomWithin")
    if window:
        return Pick(mode=PickMode.RANDOM, window=window, seed=part.number("seed"))
    return Pick(mode=PickMode(part.text() or PickMode.LATEST))


def _restore(part: Document) -> RestoreSpec:
    left_out = RestoreSpec(namespaces={})
    stable_for = part.duration("stableFor")
    return RestoreSpec(
        namespaces=FrozenMap(part.texts("namespaces")),
        deadline=part.duration("deadline") or left_out.deadline,
        cleanup_deadline=part.duration("cleanupDeadline") or left_out.cleanup_deadline,
        stable_for=left_out.stable_for if stable_for is None else stable_for,
        exclude=_kinds(part, "exclude"),
        allow=_kinds(part, "allow"),
        gives_way=part.flag("yield", default=True),
        namespace_labels=part.words("namespaceLabels"),
        storage_classes=FrozenMap(part.texts("storageClasses")),
        runs_hooks=part.text("hooks") != "skip",
        most_replicas=part.number("replicas", "max"),
        ready=FrozenMap(_ready(part)),
        rewrite_names=part.flag("rewriteNames"),
    )


def _ready(part: Document) -> dict[str, int]:
    found = {name: part.number("ready", name, "min") for name in part.table("ready")}
    return {name: least for name, least in found.items() if least is not None}


def _isolation(part: Document) -> IsolationSpec:
    return IsolationSpec(
        network=NetworkIsolation(part.text("network") or NetworkIsolation.DENY),
        require_proof=part.flag("requireProof"),
        prober=_prober(part.part("prober")),
        limits=_limits(part.part("limits")),
    )


def _limits(part: Document) -> LimitsSpec:
    return LimitsSpec(
        cpu=part.text("cpu") or None,
        memory=part.text("memory") or None,
        pods=part.number("pods"),
    )


def _prober(part: Document) -> ProberSpec:
    left_out = ProberSpec()
    internet = part.text("internet") or left_out.internet
    return ProberSpec(
        image=part.text("image"),
        pull_policy=part.text("pullPolicy") or left_out.pull_policy,
        internet="" if internet == "none" else internet,
        also_blocked=part.words("alsoBlocked"),
    )


def _objectives(part: Document) -> ObjectivesSpec:
    return ObjectivesSpec(
        rto=part.duration("rto"),
        rpo=part.duration("rpo"),
        lookback=part.duration("lookback") or ObjectivesSpec().lookback,
    )


def _retention(part: Document) -> RetentionSpec:
    left_out = RetentionSpec()
    said = {name: part.duration(name) for name in ("daily", "weekly", "monthly", "yearly")}
    tiers = said if any(said.values()) else {}
    limit = part.text("storageLimit")
    return replace(
        left_out,
        storage_limit=parse_size(limit) if limit else None,
        replica=part.text("replica") or None,
        replica_lag=part.duration("replicaLag") or left_out.replica_lag,
        **tiers,
    )


def patience(kind: str) -> ProbeSpec:
    """Return a probe with the limits that hold for its kind where the scenario says none."""
    plain = ProbeSpec(name="", kind=kind, question={})
    if kind == "job":
        # An image may have to be pulled first, and what ran once costs as much to run again.
        return replace(plain, timeout=timedelta(minutes=5), retries=0)
    return replace(plain, timeout=timedelta(minutes=1)) if kind == "script" else plain


def _probe(part: Document) -> ProbeSpec:
    kind = kind_of(part)
    left_out = patience(kind)
    retries = part.number("retries")
    return ProbeSpec(
        name=part.text("name"),
        kind=kind,
        question=freeze_map(part.table(kind)),
        expect=freeze_map(part.table("expect")),
        required=part.flag("required", default=True),
        proves=proof_of(part),
        needs=part.words("needs"),
        timeout=part.duration("timeout") or left_out.timeout,
        interval=part.duration("interval") or left_out.interval,
        retries=left_out.retries if retries is None else retries,
        initial_delay=part.duration("initialDelay") or timedelta(0),
    )
