"""What a run of `verify` does not look at, so that its report never seems to promise more. Pure."""

from reports.verify_record import NotLookedAt

RESTORE = NotLookedAt(
    what="Whether a restore works", how="Run a drill: it restores the backup and probes the result."
)
VOLUME_DATA = NotLookedAt(
    what="The data inside volumes",
    how="A drill with a probe of the data reads it back; --volume-data 100 reads all of it, where "
    "kopia is at hand.",
)
CLUSTER = NotLookedAt(
    what="Whether a cluster would take the objects",
    how="Run verify --restorability SCENARIO, or plan --dry-run SCENARIO.",
)
POLICY = NotLookedAt(
    what="Retention, missed schedules, copies, the bucket's settings", how="Add --policy."
)
CHANGES = NotLookedAt(
    what="Changes since an earlier run", how="Leave out --no-state, and keep the ledger."
)
OTHERS = NotLookedAt(
    what="Other backups in the bucket", how="Leave out --backup, --schedule and --namespace."
)
BUCKET = NotLookedAt(
    what="The stored files' checksums and history, other backups", how="Run verify --bucket."
)


def beyond_bucket(
    *, remembered: bool, everything: bool, policy: bool, volume_data: bool = False
) -> tuple[NotLookedAt, ...]:
    """Return what a check of stored backups leaves open; `volume_data` says it was read wholly."""
    asked = (
        (VOLUME_DATA, volume_data),
        (CHANGES, remembered),
        (OTHERS, everything),
        (POLICY, policy),
    )
    return (RESTORE, CLUSTER, *(one for one, done in asked if not done))


def beyond_scenario(*, restorability: bool, policy: bool) -> tuple[NotLookedAt, ...]:
    """Return what a check of a scenario's backup leaves open."""
    asked = ((CLUSTER, restorability), (POLICY, policy))
    return (RESTORE, VOLUME_DATA, BUCKET, *(one for one, done in asked if not done))
