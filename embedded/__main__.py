"""The embedded cluster as a process of its own.

In: where to write the kubeconfig. Out: a running cluster until SIGTERM or Ctrl-C.

    python -m embedded --kubeconfig ./kubeconfig [--store DIR_OR_S3_URL] [--stand-in NAME]...
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from embedded.buckets import StoreNotUsable
from embedded.cluster import EmbeddedCluster
from embedded.stand_ins import UnknownStandIn

_WRONG_USE = 2


def main() -> int:
    """Run a cluster until told to stop; return the exit code, 2 when it was asked for wrongly."""
    options = _parser().parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with EmbeddedCluster(store=options.store, stand_ins=options.stand_in) as cluster:
            cluster.kubeconfig(options.kubeconfig, plain=False)
            sys.stdout.write(f"embedded cluster ready at {cluster.url}\n")
            sys.stdout.flush()
            stop.wait()
    except (StoreNotUsable, UnknownStandIn) as problem:
        sys.stderr.write(f"{problem}\n")
        return _WRONG_USE
    finally:
        options.kubeconfig.unlink(missing_ok=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m embedded",
        description="Run the embedded cluster until SIGTERM.",
        epilog="example: python -m embedded --kubeconfig ./kubeconfig --stand-in shop",
    )
    parser.add_argument(
        "--kubeconfig", type=Path, required=True, help="file to write the way in to"
    )
    parser.add_argument("--store", help="copied bucket (folder) or s3://BUCKET/PREFIX")
    parser.add_argument(
        "--stand-in", action="append", default=[], help="who answers for containers; repeatable"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
