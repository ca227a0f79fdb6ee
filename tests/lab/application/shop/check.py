"""The shop's own check of a restored ledger: no hole in the numbers, and the canary is there."""

import os
import sys

from database import connect


def main() -> int:
    """Prints what it found; exit code 1 where rows are missing."""
    with connect() as database:
        ((rows, first, last),) = database.run(
            "SELECT count(*), min(id), max(id) FROM ledger WHERE namespace = :source",
            source=os.environ["SOURCE_NAMESPACE"],
        )
        canaries = [row[0] for row in database.run("SELECT id FROM canaries")]
    wrong = []
    if not rows or last - first + 1 != rows:
        wrong.append(f"{rows} rows between numbers {first} and {last}")
    if os.environ["CANARY"] not in canaries:
        wrong.append("no canary")
    sys.stdout.write("; ".join(wrong) + "\n" if wrong else f"all {rows} rows there\n")
    return 1 if wrong else 0


sys.exit(main())
