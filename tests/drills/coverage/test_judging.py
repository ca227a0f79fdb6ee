"""Live objects against an inventory: what counts, what is said, and that nothing slips through."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from drills.backups import Inventory
from drills.cluster import ServedKind
from drills.coverage.judging import CLOCKS_APART, LiveObject, coverage
from drills.coverage.scope import BackupScope
from drills.findings import Severity
from tests.fakes.clock import START
from tests.fakes.engine import backed, inventory, manifest

MAP = ServedKind(api_version="v1", kind="ConfigMap", plural="configmaps", namespaced=True)
SPACE = "production"
OLD = timedelta(days=3)


def live(name: str, age: timedelta | None = OLD, **labels: str) -> LiveObject:
    created = None if age is None else START - age
    return LiveObject(served=MAP, namespace=SPACE, name=name, created=created, labels=labels)


def holding(*names: str) -> Inventory:
    return inventory(*(backed(manifest("v1", "ConfigMap", name)) for name in names))


def test_what_is_as_old_as_the_backup_says_nothing() -> None:
    young = [live("since", timedelta()), live("about then", CLOCKS_APART)]
    found = coverage(young, holding(), BackupScope(), START)
    assert (found.asked, found.held, found.findings) == (0, 0, ())


def test_what_does_not_tell_its_age_counts_as_old() -> None:
    (lost,) = coverage([live("ageless", None)], holding(), BackupScope(), START).findings
    assert (lost.code, lost.severity) == ("not-in-backup", Severity.CRITICAL)


def test_many_are_named_in_part() -> None:
    many = [live(f"map-{number:02}") for number in range(9)]
    (lost,) = coverage(many, holding("another"), BackupScope(), START).findings
    assert lost.message.startswith("9 that lived before the backup began are not in it (map-00, ")
    assert "map-04 and 4 more" in lost.message


@given(
    names=st.sets(st.text("abc", min_size=1, max_size=3)),
    held=st.sets(st.text("abc", min_size=1, max_size=3)),
    marked=st.sets(st.text("abc", min_size=1, max_size=3)),
)
def test_whatever_is_lacking_is_told(names: set[str], held: set[str], marked: set[str]) -> None:
    scope = BackupScope(exclusion=("skip", "yes"))
    every = [live(n, skip="yes") if n in marked else live(n) for n in sorted(names)]
    found = coverage(every, holding(*sorted(held)), scope, START)
    lacking = names - held
    assert (found.asked, found.held) == (len(names), len(names & held))
    codes = {finding.code for finding in found.findings}
    assert ("not-in-backup" in codes) == bool(lacking - marked)
    assert ("left-out-of-backup" in codes) == bool(lacking & marked)
