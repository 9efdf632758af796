"""Tests of the shop: `python3 -m unittest` in examples/shop, no database needed."""

import sys
from pathlib import Path

# The image holds the files of app/ side by side, so they import each other by name.
sys.path.insert(0, str(Path(__file__).parent.parent / "app"))
