"""What waiting can still mend, row by row."""

from dataclasses import replace

import pytest

from drills.findings import Cause
from drills.lookout import with_prospect
from drills.outlook import LONG, SHORT, AbsentMaker, Known, Maker, Outlook, prospect
from drills.troubles import Missing, Trouble

HERE = "backup-test"
SECRET = Missing(resource="secrets", name="pg-app")
CLAIM = Missing(resource="persistentvolumeclaims", name="data-db-0")


def trouble(code: str = "reference-missing", *, detail: str = "", **more: Missing) -> Trouble:
    return Trouble(
        code=code,
        cause=Cause.BACKUP,
        subject="deployment backup-test/shop",
        namespace=HERE,
        detail=detail or "it is not there",
        blames=code == "reference-missing",
        missing=more.get("missing"),
    )


def maker(name: str, *words: str, namespace: str = HERE) -> Maker:
    return Maker(subject=f"thing {name}", namespace=namespace, name=name, words=frozenset(words))


LEFT_OUT = AbsentMaker(
    subject="certificates x", namespace=HERE, why="was left out", cause=Cause.CONFIGURATION
)
MISSING = trouble(missing=SECRET)
KEY = trouble(missing=replace(SECRET, key_only=True))
HELD = frozenset({("secrets", HERE, "pg-app")})
ROWS: dict[str, tuple[Trouble, Known, Outlook]] = {
    "nothing makes it": (MISSING, Known(), Outlook.FINAL),
    "nobody told what the restore brings": (MISSING, Known(told=False), Outlook.UNKNOWN),
    "the backup holds it": (MISSING, Known(held=HELD), Outlook.MAY_PASS),
    "the backup holds one elsewhere": (
        MISSING,
        Known(held=frozenset({("secrets", "other", "pg-app")})),
        Outlook.FINAL,
    ),
    "a resource names it": (MISSING, Known(makers=(maker("db", "pg-app"),)), Outlook.MAY_PASS),
    "its name begins with a resource's": (MISSING, Known(makers=(maker("pg"),)), Outlook.MAY_PASS),
    "the resource lies elsewhere": (
        MISSING,
        Known(makers=(maker("pg", namespace="other"),)),
        Outlook.FINAL,
    ),
    "another resource may": (MISSING, Known(makers=(maker("queue"),)), Outlook.UNKNOWN),
    "its maker was left out": (MISSING, Known(absent_makers=(LEFT_OUT,)), Outlook.FINAL),
    "a key that nothing adds": (KEY, Known(held=HELD), Outlook.FINAL),
    "a key that a resource may add": (KEY, Known(makers=(maker("pg"),)), Outlook.MAY_PASS),
    "a claim of a template": (
        trouble(missing=CLAIM),
        Known(templates=frozenset({(HERE, "data-db-")})),
        Outlook.MAY_PASS,
    ),
    "a claim of nothing": (trouble(missing=CLAIM), Known(), Outlook.FINAL),
    "a malformed image": (trouble("image-name-invalid"), Known(), Outlook.FINAL),
    "a pull that backs off": (trouble("image-not-pullable"), Known(), Outlook.MAY_PASS),
    "no room": (trouble("unschedulable"), Known(), Outlook.MAY_PASS),
    "no such node": (trouble("no-node-fits"), Known(), Outlook.FINAL),
    "a node is coming": (
        trouble("no-node-fits"),
        Known(growing=frozenset({"deployment backup-test/shop"})),
        Outlook.MAY_PASS,
    ),
    "a denial": (trouble("admission-denied"), Known(), Outlook.FINAL),
    "a webhook that is away": (
        trouble("admission-denied", detail='failed calling webhook "x"'),
        Known(),
        Outlook.MAY_PASS,
    ),
    "a crash": (trouble("crash-loop"), Known(), Outlook.MAY_PASS),
    "whatever else": (trouble("volume-not-mounted"), Known(), Outlook.UNKNOWN),
}


@pytest.mark.parametrize(("found", "known", "outlook"), ROWS.values(), ids=ROWS)
def test_outlook(found: Trouble, known: Known, outlook: Outlook) -> None:
    assert prospect(found, known).outlook is outlook


def test_what_the_cluster_may_mend_stands_longer_before_it_is_final() -> None:
    assert prospect(MISSING, Known()).after == SHORT
    assert prospect(trouble("no-node-fits"), Known()).after == LONG


def test_only_what_nothing_makes_blames_the_backup() -> None:
    def told(known: Known) -> Trouble:
        return with_prospect(MISSING, prospect(MISSING, known))

    assert told(Known()).blames
    assert "does not hold it" in told(Known()).detail
    awaited = told(Known(makers=(maker("db", "pg-app"),)))
    assert (awaited.blames, awaited.cause) == (False, Cause.ENVIRONMENT)
    assert "thing db" in awaited.detail
    kept_out = told(Known(absent_makers=(LEFT_OUT,)))
    assert (kept_out.blames, kept_out.cause) == (False, Cause.CONFIGURATION)
