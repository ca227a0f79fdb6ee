"""Signals as the kernel may deliver them: to a thread that is not the main one."""

import ctypes
import platform
import signal
import subprocess
from pathlib import Path

TGKILL = {"x86_64": 234, "aarch64": 131}
"""The number of the system call, which Python does not offer."""


def signal_another_thread(process: subprocess.Popen[str], how: signal.Signals) -> None:
    """Send a signal to any thread of the process but the main one."""
    threads = (int(task.name) for task in Path(f"/proc/{process.pid}/task").iterdir())
    other = next(thread for thread in threads if thread != process.pid)
    call = TGKILL[platform.machine()]
    assert ctypes.CDLL(None).syscall(call, process.pid, other, how) == 0
