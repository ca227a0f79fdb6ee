"""Names for drills: they sort by time and fit a Kubernetes label."""

import re
import secrets
from datetime import datetime

SCENARIO_CHARACTERS = 30
SUFFIX_BYTES = 3


def drill_id(scenario: str, started_at: datetime) -> str:
    """Return `quickstart-20261121-114100-a1b2c3`; at most 54 characters, a DNS label.

    Short enough that a Velero Restore named after it needs no hash in its labels (63).
    """
    word = re.sub(r"[^a-z0-9-]+", "-", scenario.lower()).strip("-")[:SCENARIO_CHARACTERS].strip("-")
    moment = started_at.strftime("%Y%m%d-%H%M%S")
    return f"{word or 'drill'}-{moment}-{secrets.token_hex(SUFFIX_BYTES)}"


def fresh_seed() -> int:
    """Return a seed for a random pick; it is recorded in the report."""
    return secrets.randbelow(2**31)
