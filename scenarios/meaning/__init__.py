"""The meaning of a document: what no schema can say.

In: the document as data. Out: complaints. Each check is a function of the document alone and holds
its tongue where what it needs is absent or malformed, since the form check has said so already.
"""

from collections.abc import Callable, Iterator

from scenarios.document import Document
from scenarios.meaning.answers import check_answers
from scenarios.meaning.backup import check_backup
from scenarios.meaning.network import check_network
from scenarios.meaning.order import check_order
from scenarios.meaning.probes import check_probes
from scenarios.meaning.promise import check_promise
from scenarios.meaning.recorded import check_recorded
from scenarios.meaning.restore import check_restore
from scenarios.meaning.schedule import check_schedule
from scenarios.problems import Complaint

CHECKS: tuple[Callable[[Document], Iterator[Complaint]], ...] = (
    check_schedule,
    check_backup,
    check_restore,
    check_probes,
    check_network,
    check_order,
    check_answers,
    check_recorded,
    check_promise,
)


def check_meaning(document: Document) -> Iterator[Complaint]:
    """Yield all that is wrong with what the document means."""
    for check in CHECKS:
        yield from check(document)
