"""Drill records with fixed values: one for each way a drill can end."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from drills.backups import Backup, ObjectKey
from drills.findings import Cause, Finding, Severity
from drills.proving.facts import Aim, Proof, Target, Tried
from drills.proving.judging import judge
from drills.record import (
    AuditEntry,
    CleanupOutcome,
    CleanupRecord,
    Completeness,
    CompletenessRow,
    DrillRecord,
    Objective,
    Objectives,
    Outcome,
    PassedOver,
    ProbeRecord,
    Reason,
    RestoreRecord,
    Rewriting,
    SandboxRecord,
    ScenarioRef,
    StageRecord,
    Verdict,
    VolumeRecord,
)
from scenarios.model import ProofLevel

START = datetime(2026, 11, 23, 6, 0, 4, 120_000, tzinfo=UTC)
RECOVERY_POINT = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
HOUR = 3600.0


def at(seconds: float) -> datetime:
    """Return the instant so many seconds into the drill."""
    return START + timedelta(seconds=seconds)


def backup(name: str = "production-daily-20261122210000") -> Backup:
    return Backup(
        name=name,
        engine="velero",
        phase="Completed",
        recovery_point=RECOVERY_POINT,
        schedule="production-daily",
        location="default",
        started_at=RECOVERY_POINT,
        completed_at=RECOVERY_POINT + timedelta(minutes=4, seconds=12),
        expires_at=RECOVERY_POINT + timedelta(days=30),
        labels={"velero.io/schedule-name": "production-daily"},
        included_namespaces=("production",),
    )


def stage(name: str, offset: float, seconds: float, **more: object) -> StageRecord:
    known = StageRecord(
        name=name,
        started_at=at(offset),
        offset_seconds=offset,
        seconds=seconds,
        outcome=Outcome.PASSED,
    )
    return replace(known, **more)


def stages() -> tuple[StageRecord, ...]:
    return (
        stage("select", 0.0, 1.24),
        stage("verify", 1.24, 6.87, message="tarball read to its end, 214 objects"),
        stage("isolate", 8.11, 2.05),
        stage("restore", 10.16, 161.4, queue_seconds=12.3, volume_seconds=98.6),
        stage("settle", 171.56, 44.8, message="3 workloads ready and stable"),
        stage("probe", 216.36, 8.2),
        stage("clean up", 224.56, 61.3, message="2 namespaces gone"),
    )


def probe(name: str, **more: object) -> ProbeRecord:
    known = ProbeRecord(
        name=name,
        kind="http",
        required=True,
        proves=ProofLevel.SERVICE,
        outcome=Outcome.PASSED,
        attempts=1,
        seconds=0.34,
        expected="status 200; body contains 'ok'",
        observed='status 200, 17 bytes: {"status": "ok"}',
        message="",
        passed_at=206.9,
    )
    return replace(known, **more)


def probes() -> tuple[ProbeRecord, ...]:
    return (
        probe("shop answers", attempts=3, seconds=2.4, passed_at=208.6),
        probe(
            "newest ledger entry",
            kind="exec",
            proves=ProofLevel.DATA,
            expected="timestamp within 24h",
            observed="2026-11-22T20:59:41Z",
            newest=datetime(2026, 11, 22, 20, 59, 41, tzinfo=UTC),
            needs=("shop answers",),
        ),
        probe(
            "all items came back",
            kind="resource",
            proves=ProofLevel.OBJECTS,
            expected="count at least 3",
            observed="count 7",
            seconds=0.05,
        ),
        probe("admin page", required=False, seconds=0.21),
    )


def completeness() -> Completeness:
    return Completeness(
        rows=(
            CompletenessRow(
                resource="configmaps",
                namespace="production",
                in_backup=9,
                restored=8,
                explained={"kube-root-ca.crt": "every namespace gets its own"},
            ),
            CompletenessRow(
                resource="deployments.apps", namespace="production", in_backup=2, restored=2
            ),
            CompletenessRow(
                resource="ingresses.networking.k8s.io",
                namespace="production",
                in_backup=1,
                restored=0,
                left_out={"shop": "left out by default: it would take over live traffic"},
            ),
            CompletenessRow(
                resource="pods",
                namespace="production",
                in_backup=6,
                restored=5,
                explained={"migrate-28fhw": "pod of a completed Job"},
            ),
            CompletenessRow(resource="secrets", namespace="production", in_backup=4, restored=4),
            CompletenessRow(
                resource="statefulsets.apps", namespace="production", in_backup=1, restored=1
            ),
        )
    )


def audit() -> tuple[AuditEntry, ...]:
    who = "system:serviceaccount:drills:runner"
    return (
        AuditEntry(
            timestamp=at(8.2),
            action="create",
            user=who,
            resource="namespace/backup-test",
            status="success",
        ),
        AuditEntry(
            timestamp=at(10.16),
            action="restore",
            user=who,
            resource="restore/drill-7f3a",
            status="success",
            details={"namespaces": "production", "storage_location": "default"},
        ),
        AuditEntry(
            timestamp=at(224.6),
            action="delete",
            user=who,
            resource="namespace/backup-test",
            status="success",
        ),
    )


def rewritings() -> tuple[Rewriting, ...]:
    settings = ObjectKey(resource="configmaps", namespace="production", name="shop-config")
    secret = ObjectKey(resource="secrets", namespace="production", name="shop-credentials")
    return (
        Rewriting(
            source=settings,
            place="nginx.conf",
            old="ledger.production.svc",
            new="ledger.backup-test.svc",
            count=2,
            outcome="rewritten",
        ),
        Rewriting(source=secret, place="url", old="", new="", count=1, outcome="unchanged"),
    )


def passed() -> DrillRecord:
    """A drill on a real cluster that proved the data."""
    return DrillRecord(
        drill_id="production-weekly-20261123-060004-7f3a",
        scenario=ScenarioRef(
            name="production-weekly",
            owner="platform-team",
            sha256="5f6d1ba86b8a1d0f4b8f1b8e4f7d7a3d1c8a0c9b3d9e7f6a5b4c3d2e1f0a9b8c",
            description="Restores the shop each Monday and asks for its newest ledger entry.",
            controls=("ISO27001:A.8.13", "HIPAA:164.308(a)(7)(ii)(D)"),
            prove=ProofLevel.DATA,
        ),
        started_at=START,
        ended_at=at(285.9),
        environment="cluster",
        versions={"runner": "0.1.0", "velero": "v1.18.3", "kubernetes": "v1.34.4"},
        verdict=Verdict.PASSED,
        reasons=(),
        proof_level=ProofLevel.DATA,
        backup=backup(),
        passed_over=(
            PassedOver(
                name="production-daily-20261123030000",
                reason="PartiallyFailed: 2 errors, and the scenario refuses those",
            ),
            PassedOver(name="staging-daily-20261123010000", reason="does not contain production"),
        ),
        objectives=Objectives(
            rto=Objective(target_seconds=15 * 60, achieved_seconds=208.6, met=True),
            rpo=Objective(target_seconds=24 * HOUR, achieved_seconds=9 * HOUR + 4.1, met=True),
            data_seconds=9 * HOUR + 23.1,
            worst_case_seconds=26.2 * HOUR,
        ),
        stages=stages(),
        restore=RestoreRecord(
            name="drill-7f3a",
            phase="Completed",
            warnings=("production/configmaps/kube-root-ca.crt already exists",),
            submitted={
                "backupName": "production-daily-20261122210000",
                "namespaceMapping": {"production": "backup-test"},
                "existingResourcePolicy": "none",
            },
        ),
        completeness=completeness(),
        volumes=(
            VolumeRecord(
                claim="data-ledger-0",
                namespace="production",
                method="PodVolumeBackup",
                bytes=734_003_200,
                outcome="restored",
            ),
        ),
        rewritings=rewritings(),
        probes=probes(),
        findings=(
            Finding(
                code="default-repository-password",
                severity=Severity.INFO,
                cause=Cause.CONFIGURATION,
                subject="secret velero/velero-repo-credentials",
                message="The volume repository uses the password that ships with the engine.",
                remedy="Set your own before the first backup; later it cannot be changed.",
            ),
        ),
        sandbox=SandboxRecord(
            namespaces={"production": "backup-test"},
            isolation={
                "networkPolicy": "default deny created and seen to be enforced",
                "quota": "no load balancers, no node ports",
            },
            proof=proof(),
        ),
        cleanup=CleanupRecord(outcome=CleanupOutcome.CLEAN, removed=31),
        audit=audit(),
    )


def tried(target: Target, *, before: bool, closed: bool) -> Tried:
    """Return a target with whether it was reached before, and with the policy in place."""
    return Tried(namespace="backup-test", target=target, before=before, after=closed, again=closed)


def proof() -> Proof:
    """Return a sandbox that was closed, with one target that says nothing."""
    shop = Target(aim=Aim.SERVICE, words="Service production/shop", host="10.96.33.111", port=80)
    internet = Target(aim=Aim.INTERNET, words="the internet", host="1.1.1.1", port=443)
    dns = Target(aim=Aim.DNS, words="the cluster's DNS", host="kubernetes.default.svc")
    answers = (
        tried(shop, before=True, closed=False),
        tried(internet, before=False, closed=False),
        tried(dns, before=True, closed=True),
        replace(
            tried(shop, before=True, closed=False), again=None, workload="deployments.apps shop"
        ),
    )
    return judge(answers, image="busybox:1.36")


def failed_missing_volume() -> DrillRecord:
    """The engine said Completed, yet the volume came back empty and a Secret is missing."""
    good = passed()
    rows = completeness().rows
    return replace(
        good,
        drill_id="production-weekly-20261123-060004-e21c",
        verdict=Verdict.FAILED,
        proof_level=ProofLevel.OBJECTS,
        reasons=(
            Reason(
                code="volume-not-in-backup",
                cause=Cause.BACKUP,
                message="the claim production/data-ledger-0 came back empty: the backup holds no "
                "data for it",
            ),
            Reason(
                code="objects-missing",
                cause=Cause.BACKUP,
                message="1 object is missing without explanation",
            ),
            Reason(
                code="probe-failed",
                cause=Cause.BACKUP,
                message="the probe 'newest ledger entry' found no timestamp",
            ),
        ),
        objectives=Objectives(
            rto=Objective(target_seconds=15 * 60, achieved_seconds=None, met=None),
            rpo=Objective(target_seconds=8 * HOUR, achieved_seconds=9 * HOUR + 4.1, met=False),
            worst_case_seconds=26.2 * HOUR,
        ),
        stages=tuple(
            replace(s, outcome=Outcome.FAILED, message="1 of 4 probes failed")
            if s.name == "probe"
            else s
            for s in stages()
        ),
        completeness=Completeness(
            rows=(
                *rows[:4],
                replace(rows[4], restored=3, missing=("payment-credentials",)),
                rows[5],
            )
        ),
        volumes=(
            VolumeRecord(
                claim="data-ledger-0",
                namespace="production",
                method="none",
                bytes=None,
                outcome="empty",
            ),
        ),
        probes=(
            probes()[0],
            replace(
                probes()[1],
                outcome=Outcome.FAILED,
                attempts=11,
                seconds=12.6,
                observed="tail: cannot open '/data/heartbeat.log': No such file or directory",
                message="no timestamp in the answer",
                passed_at=None,
                newest=None,
            ),
            *probes()[2:],
        ),
        findings=(
            *good.findings,
            Finding(
                code="volume-not-in-backup",
                severity=Severity.CRITICAL,
                cause=Cause.BACKUP,
                subject="persistentvolumeclaim production/data-ledger-0",
                message="The claim is bound and empty. The backup holds its object but no data: "
                "no pod volume backup and no snapshot names it.",
                remedy="Annotate the pod with backup.velero.io/backup-volumes=data, or set "
                "defaultVolumesToFsBackup on the schedule, and take a new backup.",
            ),
            Finding(
                code="objects-missing",
                severity=Severity.CRITICAL,
                cause=Cause.BACKUP,
                subject="secrets production/payment-credentials",
                message="It is in the backup's list and did not come back.",
                remedy="Read the restore's errors for this Secret; an admission webhook may "
                "have refused it.",
            ),
            Finding(
                code="stale-schedule",
                severity=Severity.WARNING,
                cause=Cause.BACKUP,
                subject="schedule production-daily",
                message="The longest gap between usable recovery points was 26h 12m.",
                remedy="Find out why the backup of 18 November did not complete.",
            ),
        ),
    )


def inconclusive_hang() -> DrillRecord:
    """The restore never moved, so nothing could be asked."""
    good = passed()
    silent = {"outcome": Outcome.INCONCLUSIVE, "attempts": 0, "seconds": 0.0, "observed": ""}
    skipped = {"outcome": Outcome.SKIPPED, "message": "the restore did not end"}
    return replace(
        good,
        drill_id="production-weekly-20261123-060004-9d40",
        verdict=Verdict.INCONCLUSIVE,
        proof_level=ProofLevel.NONE,
        reasons=(
            Reason(
                code="deadline-passed",
                cause=Cause.ENVIRONMENT,
                message="the restore was still in phase New when its deadline of 30m passed",
            ),
        ),
        objectives=Objectives(
            rto=Objective(target_seconds=15 * 60, achieved_seconds=None, met=None),
            rpo=Objective(target_seconds=24 * HOUR, achieved_seconds=9 * HOUR + 4.1, met=True),
        ),
        stages=(
            *stages()[:3],
            stage(
                "restore",
                10.16,
                1800.0,
                outcome=Outcome.INCONCLUSIVE,
                queue_seconds=1800.0,
                message="never left the queue",
            ),
            stage("settle", 1810.16, 0.0, **skipped),
            stage("probe", 1810.16, 0.0, **skipped),
            stage("clean up", 1810.2, 21.0),
        ),
        ended_at=at(1831.2),
        restore=RestoreRecord(name="drill-9d40", phase="New"),
        completeness=None,
        volumes=(),
        probes=tuple(
            replace(
                p,
                message="not asked: the restore did not end",
                cause=Cause.ENVIRONMENT,
                passed_at=None,
                newest=None,
                **silent,
            )
            for p in probes()
        ),
        findings=(
            Finding(
                code="restore-not-moving",
                severity=Severity.WARNING,
                cause=Cause.ENVIRONMENT,
                subject="restore velero/drill-9d40",
                message="The engine did not touch the restore for 30m.",
                remedy="Look at the engine's own log: kubectl -n velero logs deploy/velero",
                unanswered=True,
            ),
        ),
    )


def kept() -> DrillRecord:
    """A warned drill whose sandbox was kept on request."""
    return replace(
        passed(),
        drill_id="production-weekly-20261123-060004-k001",
        verdict=Verdict.WARNED,
        reasons=(
            Reason(
                code="probe-failed",
                cause=Cause.PROBE,
                message="the optional probe 'admin page' answered with status 503",
            ),
        ),
        probes=(
            *probes()[:3],
            replace(
                probes()[3],
                outcome=Outcome.FAILED,
                attempts=11,
                seconds=11.0,
                observed="status 503",
                message="the Service has no ready endpoints",
                passed_at=None,
            ),
        ),
        cleanup=CleanupRecord(
            outcome=CleanupOutcome.KEPT, leftovers=("namespace backup-test",), removed=0
        ),
    )


def leftovers() -> DrillRecord:
    """A passed drill that could not remove everything."""
    return replace(
        passed(),
        drill_id="production-weekly-20261123-060004-l007",
        cleanup=CleanupRecord(
            outcome=CleanupOutcome.LEFTOVERS,
            leftovers=(
                "namespace backup-test: Terminating, held by example.com/keep on widgets/one",
                "persistentvolume pvc-0b1c",
            ),
            removed=29,
        ),
    )


def embedded() -> DrillRecord:
    """The quickstart: an embedded cluster, simulated probes, proof no higher than objects."""
    return replace(
        passed(),
        drill_id="quickstart-20261123-060004-q001",
        scenario=ScenarioRef(name="quickstart", owner="", sha256="0" * 64),
        environment="embedded",
        versions={"runner": "0.1.0", "velero": "v1.18 (embedded)"},
        proof_level=ProofLevel.OBJECTS,
        ended_at=at(2.9),
        objectives=Objectives(
            rto=Objective(target_seconds=15 * 60, achieved_seconds=2.1, met=True),
            rpo=Objective(target_seconds=24 * HOUR, achieved_seconds=9 * HOUR, met=True),
        ),
        stages=(
            stage("select", 0.0, 0.04),
            stage("verify", 0.04, 0.11),
            stage("isolate", 0.15, 0.06),
            stage("restore", 0.21, 1.2, queue_seconds=0.1, volume_seconds=None),
            stage("settle", 1.41, 0.7),
            stage("probe", 2.11, 0.2),
            stage("clean up", 2.31, 0.59),
        ),
        probes=tuple(replace(p, simulated=p.kind != "resource", passed_at=2.1) for p in probes()),
        findings=(),
        passed_over=(),
    )


ALL: Mapping[str, Callable[[], DrillRecord]] = {
    "passed": passed,
    "failed": failed_missing_volume,
    "inconclusive": inconclusive_hang,
    "kept": kept,
    "leftovers": leftovers,
    "embedded": embedded,
}
