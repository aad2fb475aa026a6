"""Makes an empty file: what a models module looks for to be a later version of itself."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    Path(sys.argv[1]).touch()
