"""Writes the first issues into the archive; run once, as a Job."""

import time
import urllib.request

ISSUES = 20


def main() -> None:
    """Tries until the archive is there."""
    written = 0
    while written < ISSUES:
        request = urllib.request.Request(
            "http://issues-0.issues:8080/log", data=f"issue {written}".encode(), method="POST"
        )
        try:
            urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - the archive's
            written += 1
        except OSError:
            time.sleep(1)


main()
