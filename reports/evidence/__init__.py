"""Evidence: the reports of a period in one archive that an auditor can check and keep.

In: paths of reports. Out: the bytes of a zip, or the problems of one. Read export.py for how it is
made and verify.py for what is checked; schema/evidence.schema.json describes the manifest.
"""

from reports.evidence.archive import Problem
from reports.evidence.export import export
from reports.evidence.manifest import Period, Scheduled
from reports.evidence.verify import Contents, contents, verify

__all__ = [
    "Contents",
    "Period",
    "Problem",
    "Scheduled",
    "contents",
    "export",
    "verify",
]
