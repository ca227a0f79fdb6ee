"""Imported first by a benchmark: lets it import the clone that it is in, wherever it is started.

As a script, Python looks beside that script only.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
