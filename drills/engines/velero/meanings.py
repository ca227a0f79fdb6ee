"""What Velero's messages mean: one table for the errors and the warnings of a restore. Data.

A row blames the backup only where no other cluster could do better. What no row knows stays an
open question. Wording differs between versions and between runs of one, so single words are looked
for. `source` names the file that writes the words, of Velero v1.18 where nothing else is said;
`Kubernetes` stands for the API server's own, which Velero passes on.
"""

import re
from dataclasses import dataclass

from drills.findings import Cause, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """How messages that match are judged."""

    pattern: re.Pattern[str]
    code: str
    cause: Cause
    remedy: str
    source: str
    severity: Severity = Severity.WARNING
    unanswered: bool = True
    what: str = ""
    """What is reported, in place of the count of errors or warnings."""


def _opens(pattern: str, code: str, cause: Cause, source: str, remedy: str) -> Meaning:
    """Return a row for what keeps a question from being answered and blames nobody's backup."""
    return Meaning(
        pattern=re.compile(pattern, re.IGNORECASE),
        code=code,
        cause=cause,
        remedy=remedy,
        source=source,
    )


def _blames(pattern: str, code: str, source: str, remedy: str, what: str = "") -> Meaning:
    """Return a row for what is wrong with the backup wherever it is restored."""
    return Meaning(
        pattern=re.compile(pattern, re.IGNORECASE),
        code=code,
        cause=Cause.BACKUP,
        remedy=remedy,
        source=source,
        severity=Severity.CRITICAL,
        unanswered=False,
        what=what,
    )


ANEW = "Take a new backup, drill that one, and look at this one's backup log."

MEANINGS: tuple[Meaning, ...] = (
    _blames(
        r"zero items to be restored",
        "nothing-restored",
        "pkg/restore/restore.go",
        "Look at the backup's log; take a new backup.",
        "Velero found nothing to restore",
    ),
    _blames(
        r"error decoding \"|error parsing backup contents|error unzipping|gzip: invalid|"
        r"archive/tar: invalid",
        "archive-unreadable",
        "pkg/restore/restore.go, pkg/archive/extractor.go",
        ANEW,
    ),
    _blames(
        r"doesn't have bound VSC|fail to get snapshot handle from VSC",
        "snapshot-not-in-backup",
        "pkg/restore/actions/csi/volumesnapshot_action.go, volumesnapshotcontent_action.go",
        "The backup's VolumeSnapshot was never bound: see the CSI snapshot's status in the source.",
    ),
    _blames(
        r"no DataUpload result cm found|multiple DataUpload result cms found",
        "data-upload-not-in-backup",
        "pkg/restore/actions/csi/pvc_action.go; velero#7057",
        "A restore needs exactly one DataUpload for each claim in the backup: take a new backup.",
    ),
    _blames(
        r"pod volume restore failed:.*(corrupt|checksum|snapshot not found|manifest not found|"
        r"blob not found|object not found|content not found)",
        "volume-data-damaged",
        "pkg/podvolume/restorer.go; the words are kopia's",
        "Check the volume repository (verify --bucket); take a new backup of the volume.",
    ),
    _opens(
        r"provided port is already allocated|spec\.ports\[\d+\]\.nodePort",
        "node-port-taken",
        Cause.ENVIRONMENT,
        "Kubernetes; velero#2308",
        "Production holds the port; see why the rewrite of this Service did not apply.",
    ),
    _opens(
        r"exceeded quota|quota exceeded|insufficient quota|failed quota|usage per ",
        "quota-exceeded",
        Cause.CAPACITY,
        "Kubernetes",
        "Raise the quota or limit of the sandbox, or leave out what the drill does not need.",
    ),
    _opens(
        r"admission webhook|failed calling webhook|denied the request|ValidatingAdmissionPolicy",
        "webhook-denied",
        Cause.ENVIRONMENT,
        "Kubernetes; velero#2443, #5068",
        "Let the webhook or policy of that name pass objects into the sandbox namespace.",
    ),
    _opens(
        r"violates PodSecurity",
        "pod-security-denied",
        Cause.ENVIRONMENT,
        "Kubernetes",
        "The sandbox's Pod Security level is stricter than the source namespace's.",
    ),
    _opens(
        r"no matches for kind|not discoverable|could not find the requested resource|"
        r"APIResource not found for|the CRD \S+ is not available|error getting GVR for|"
        r"error getting (updated )?resource client",
        "kind-not-served",
        Cause.ENVIRONMENT,
        "pkg/restore/restore.go (1.12 to 1.18), pkg/discovery/helper.go; Kubernetes",
        "Have the cluster serve the version that the backup holds: install its "
        "CustomResourceDefinition, or drill on a cluster of the source's version.",
    ),
    _opens(
        r"volumesnapshotlocations?\b.*not found",
        "snapshot-location-missing",
        Cause.ENVIRONMENT,
        "pkg/restore/pv_restorer.go",
        "Create the VolumeSnapshotLocation of that name in Velero's namespace, with its plugin "
        "and credentials.",
    ),
    _opens(
        r"unable to locate \S+ plugin named",
        "plugin-missing",
        Cause.ENVIRONMENT,
        "pkg/plugin/clientmgmt/process/registry.go",
        "Add the plugin of that name to this cluster's Velero, as the source's Velero has it.",
    ),
    _opens(
        r"volumesnapshotclass.*(not found|not for driver)|no (CSI )?VolumeSnapshotClass|"
        r"error (getting|listing) VolumeSnapshotClass|failed to get a? ?VolumeSnapshotClass",
        "snapshot-class-missing",
        Cause.ENVIRONMENT,
        "pkg/util/csi/volume_snapshot.go",
        "Create a VolumeSnapshotClass for the driver in this cluster, labelled for Velero.",
    ),
    _opens(
        r"storageclass(es\.storage\.k8s\.io)?\b.*not found|"
        r"(persistentvolume|pvc|volume).*not provided by",
        "storage-class-missing",
        Cause.ENVIRONMENT,
        "Kubernetes; pkg/exposer/generic_restore.go",
        "Create the StorageClass in this cluster, or map it to one that is there "
        "(restore.storageClasses).",
    ),
    _opens(
        r"(pvc|persistentvolumeclaim|volume).*(not bound|unbound|wait.*bound)|patch dynamic",
        "claim-not-bound",
        Cause.CAPACITY,
        "pkg/controller/restore_finalizer_controller.go, pkg/exposer/generic_restore.go",
        "See why the claim's StorageClass gave no volume within Velero's time.",
    ),
    _opens(
        r"error executing PVAction",
        "snapshot-not-restored",
        Cause.ENVIRONMENT,
        "pkg/restore/restore.go; velero#4471",
        "See whether the snapshot is still there in the cloud, and reachable from this cluster "
        "with Velero's credentials.",
    ),
    _opens(
        r"is forbidden: User|AccessDenied|UnauthorizedOperation",
        "velero-forbidden",
        Cause.ENVIRONMENT,
        "Kubernetes; the cloud's API",
        "Velero's own service account or credentials lack this right; grant it where the message "
        "says.",
    ),
    _opens(
        r"error to check node agent status|node-agent pod is not running|"
        r"daemonset pod not found in running state|node-agent is not running",
        "node-agent-down",
        Cause.ENVIRONMENT,
        "pkg/podvolume/restorer.go, pkg/nodeagent/node_agent.go",
        "Run Velero's node-agent on every node that takes restored pods.",
    ),
    _opens(
        r"invalid repository password|error to get (repo )?password",
        "repository-password",
        Cause.ENVIRONMENT,
        "pkg/repository/provider/unified_repo.go; the words are kopia's",
        "Give this cluster's Secret velero-repo-credentials the source's repository-password.",
    ),
    _opens(
        r"\bhook \S* ?in container|exec hooks? ran|all hooks were executed|hook .*(failed|expired)",
        "restore-hook-failed",
        Cause.CONFIGURATION,
        "internal/hook/wait_exec_hook_handler.go",
        "Mend the restore hook that is named, or skip hooks in the drill (restore.hooks).",
    ),
    _opens(
        r"deployments\.apps .?velero.? not found",
        "velero-misinstalled",
        Cause.ENVIRONMENT,
        "pkg/restore/actions/pod_volume_restore_action.go (1.16)",
        "Velero from 1.16 on needs a Deployment named velero in its namespace.",
    ),
    _opens(
        r"connection refused|i/o timeout|TLS handshake|deadline exceeded|etcdserver|"
        r"too many requests|service unavailable|no such host|timed out|cancell?ed|"
        r"is being terminated|namespaces? .*not found|during the server starting|"
        r"unexpected EOF|connection reset|client connection lost|currently unable to handle",
        "cluster-trouble",
        Cause.ENVIRONMENT,
        "Kubernetes; Go's net package",
        "The cluster or the store did not answer Velero in time; drill again.",
    ),
    _opens(
        r" is invalid: ",
        "object-invalid-here",
        Cause.ENVIRONMENT,
        "Kubernetes",
        "This API server does not take the object as the backup holds it: drill on a cluster of "
        "the source's version, or mend the object in the source and take a new backup.",
    ),
)
"""The first row that matches decides."""


def meaning_of(message: str) -> Meaning | None:
    """Return what a message means, None where nobody knows."""
    return next((row for row in MEANINGS if row.pattern.search(message)), None)
