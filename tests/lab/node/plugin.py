"""A network plugin, last in the chain: no pod starts before the firewall knows its address.

Called by the container runtime as `plugin.py FOLDER`, with the words of the Container Network
Interface in the environment and on stdin. Plain Python without the project, for it has to be quick.
"""

import json
import os
import sys
import time
from pathlib import Path

_SECONDS = 10.0
_TICK_SECONDS = 0.02


def add(folder: Path, config: dict) -> int:  # type: ignore[type-arg]
    """Says who has got an address, and waits until the enforcer knows it."""
    words = dict(pair.split("=", 1) for pair in os.environ["CNI_ARGS"].split(";") if "=" in pair)
    address = config["prevResult"]["ips"][0]["address"].partition("/")[0]
    entry = {
        "container": os.environ["CNI_CONTAINERID"],
        "namespace": words["K8S_POD_NAMESPACE"],
        "name": words["K8S_POD_NAME"],
    }
    fresh = folder / "pods" / f".{address}"
    fresh.write_text(json.dumps(entry))
    fresh.replace(folder / "pods" / address)
    end = time.monotonic() + _SECONDS
    while address not in (folder / "known").read_text().split():
        if time.monotonic() > end:
            message = f"the policy enforcer does not know {address}; see its log"
            sys.stdout.write(json.dumps({"cniVersion": "0.4.0", "code": 11, "msg": message}))
            return 1
        time.sleep(_TICK_SECONDS)
    sys.stdout.write(json.dumps(config["prevResult"]))
    return 0


def delete(folder: Path) -> int:
    """Forgets the address of a container that is gone."""
    for file in (folder / "pods").glob("[0-9]*"):
        if json.loads(file.read_text())["container"] == os.environ["CNI_CONTAINERID"]:
            file.unlink(missing_ok=True)
    return 0


def main(folder: Path) -> int:
    """Does what the runtime asks."""
    command = os.environ["CNI_COMMAND"]
    if command == "ADD":
        return add(folder, json.load(sys.stdin))
    if command == "DEL":
        return delete(folder)
    if command == "VERSION":
        versions = {"cniVersion": "0.4.0", "supportedVersions": ["0.3.1", "0.4.0"]}
        sys.stdout.write(json.dumps(versions))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
