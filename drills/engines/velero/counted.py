"""What the bytes that a backup and a restore counted say of each other. Pure.

In: both counts of a volume whose mover ended Completed. Out: the outcome. Velero shows two counters
that measure different things:

- kopia, backup: bytes read of regular files, plus the sizes of all that it found unchanged since
  the snapshot before, symbolic links among it; a link that is new or changed counts nothing.
- kopia, restore: sizes of the regular files in the snapshot's tree; links never count.
- restic, backup: sizes of regular files, under each of their names.
- restic, restore: the same, but a file with several names (hard links) counts once.

Holes of sparse files count in both, hard links of kopia by each name in both; sockets, pipes and
devices in neither. Both of kopia's counters are taken from the same tree, and a restore that
cannot write one entry of it is Failed, so a Completed one that counted less is as a rule sound.
Sources: velero v1.10 to v1.18 `pkg/uploader/kopia/snapshot.go` (`Stats.TotalFileSize`,
`RestoredTotalFileSize`) and its kopia, 0.10 to 0.22 and the forks in between,
`snapshot/upload/upload.go` (before 0.20 `snapshot/snapshotfs/upload.go`: processSingle adds the
size of any cached entry, uploadSymlinkInternal none), `snapshot/restore/restore.go` (copyEntry);
velero `pkg/restic/exec_commands.go` with restic 0.15 `cmd/restic/cmd_stats.go` (uniqueInodes).

| counted by the restore | uploader | and                                        | outcome  |
|------------------------|----------|--------------------------------------------|----------|
| as much, or more       | any      |                                            | restored |
| less                   | another  | a data mover that is not Velero's own      | fewer    |
| nothing                | kopia    | saved below LINKS_ALONE, not `all_read`    | fewer    |
| nothing                | any      | else                                       | empty    |
| fewer                  | any      | its own count had not come to its end      | fewer    |
| fewer                  | kopia    | `all_read`, or above LINKS_EXPLAIN missing | failed   |
| fewer                  | any      | else                                       | fewer    |

A count that had not come to its end in a Completed restore is an update that was lost on its way
(v1.17 to v1.18 `pkg/datapath/micro_service_watcher.go`: progress comes as events).

`fewer` is an open question: the counters alone can neither show that all is back nor blame it.
"""

from drills.backups import BackedUpVolume

RESTORED, EMPTY, FAILED, FEWER = "restored", "empty", "failed", "fewer"
KOPIA, RESTIC = "kopia", "restic"
LINKS_ALONE = 1024 * 1024
"""Bytes from which nobody's volume holds links and not one byte of a file: 16,000 links of 64."""
LINKS_EXPLAIN = 64 * 1024 * 1024
"""Bytes up to which links may explain what is missing: a million links of 64 bytes."""


def all_read(saved: int | None, incremental: int | None) -> bool:
    """Return whether a backup found nothing unchanged, so that it counted no link.

    Since Velero 1.18 it says `incrementalSize`: the bytes that it estimated, less those found
    unchanged (`pkg/uploader/kopia/progress.go`, GetIncrementalSize). What was saved is what was
    read and what was unchanged, so both are equal only where nothing was unchanged.
    """
    return bool(saved) and incremental == saved


def compared(volume: BackedUpVolume, counted: int | None, expected: int | None = None) -> str:
    """Return the outcome for a volume whose mover is Completed; see the table.

    `expected` is the total that the restore itself set out to count.
    """
    saved, back = volume.bytes or 0, counted or 0
    links_count = volume.uploader != RESTIC and not volume.all_read
    if back >= saved:
        return RESTORED
    if volume.uploader not in {KOPIA, RESTIC, ""}:
        return FEWER
    if not back:
        return FEWER if links_count and saved < LINKS_ALONE else EMPTY
    if volume.uploader == RESTIC or back < (expected or 0):
        return FEWER
    explained = links_count and saved - back <= LINKS_EXPLAIN
    return FEWER if explained else FAILED
