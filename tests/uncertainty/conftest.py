"""Toy jobs are imported by worker processes too: their folder is put where those look."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
