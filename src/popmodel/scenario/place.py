"""Where a scenario's answers go: names that are safe as folders on every system."""

from __future__ import annotations

import re
from pathlib import Path

from popmodel.errors import InputError
from popmodel.scenario.schema import RESERVED

OUTPUTS = Path("outputs")
MANIFEST = "manifest.json"
LONGEST_NAME = 100


def output_folder(scenario: Path, out: Path | None = None) -> Path:
    """Return the folder for the results of a scenario file.

    Args:
        scenario: The scenario file; its name without the ending names the folder in `outputs`.
        out: A folder the user chose instead.

    Raises:
        InputError: The name cannot be a folder everywhere, or the folder holds something else
            than results of an earlier run.
    """
    folder = OUTPUTS / safe_name(scenario.stem) if out is None else out
    for new in [folder, *folder.parents]:
        if _exists(new) or new.name in ("", ".", ".."):
            break
        safe_name(new.name, option="--out" if out else "")
    _refuse_foreign(folder)
    return folder


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or a NUL in it
        return False


def safe_name(name: str, option: str = "") -> str:
    """Return a name if it can be a folder on every system.

    Args:
        name: One part of a path.
        option: The option it came from, for the message.

    Raises:
        InputError: It has other characters, is too long, or is reserved by a system.
    """
    plain = re.fullmatch(r"[\w .+=@,-]+", name) is not None and name.strip(" .") == name
    hidden = name.startswith(".") and option != ""
    device = name.split(".")[0].lower() in RESERVED
    if (plain or hidden) and name.isprintable() and not device and len(name) <= LONGEST_NAME:
        return name
    told = f"'{name[:40]}' cannot name a folder for results"
    advice = "" if option else "; rename the file or choose a folder with --out"
    raise InputError(f"{option + ': ' if option else ''}{told}{advice}")


def _refuse_foreign(folder: Path) -> None:
    """Refuse to write over anything that is not an earlier result."""
    if folder.is_symlink():
        raise InputError(f"{folder}: is a link; name the folder itself with --out")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file, results need a folder")
    if folder.is_dir() and not (folder / MANIFEST).is_file() and not _only_analyses(folder):
        raise InputError(f"{folder}: holds other files; results need an empty folder")


def _only_analyses(folder: Path) -> bool:
    """Tell whether a folder holds nothing but analyses of a scenario that was not run itself."""
    return all(is_analysis(one) for one in folder.iterdir())


def is_analysis(folder: Path) -> bool:
    """Tell whether a folder is an analysis kept beside a run: draws, sweep, search, or places."""
    named = folder.name in ("psa", "search") or folder.name.startswith(("sweep-", "places"))
    return named and (folder / MANIFEST).is_file()
