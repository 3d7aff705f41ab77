"""The chain of files a scenario is made of, and which files it may name at all."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from popmodel.errors import InputError, Problems, did_you_mean
from popmodel.scenario.kinds import SCENARIO_KEYS
from popmodel.yaml_source import Located, read_yaml

DEEPEST_EXTENDS = 10
LONGEST_PATH = 200


def read_chain(path: Path, problems: Problems) -> list[Located]:
    """Read a scenario file and every file it extends, the innermost base first.

    Args:
        path: The scenario file.
        problems: Receives what is wrong; the chain ends there.

    Returns:
        The files, their `extends` taken out of the data; empty if one cannot be read.
    """
    chain: list[Located] = []
    step: Path | None = path
    while step is not None:
        try:
            located = read_yaml(step)
        except InputError as error:
            problems.extend(error.problems)
            return []
        if _is_card(located):
            problems.extend([located.problem((), "is a card, no scenario", "check reads both")])
            return []
        chain.append(located)
        step = _base_of(chain, path.parent, problems)
    return chain[::-1]


def _is_card(located: Located) -> bool:
    return "id" in located.data and SCENARIO_KEYS.isdisjoint(located.data)


def _base_of(chain: list[Located], folder: Path, problems: Problems) -> Path | None:
    """Return the file that the last of the chain extends, taking the key out of its data."""
    located = chain[-1]
    if "extends" not in located.data:
        return None
    named = located.data.pop("extends")
    try:
        base = inside(folder, located.path.parent, named)
        _refuse_rounds(chain, base)
    except ValueError as error:
        problems.extend([located.problem(("extends",), str(error))])
        return None
    if base.is_file():
        return base
    near = did_you_mean(base.name, (file.name for file in base.parent.glob("*.y*ml")))
    problems.extend([located.problem(("extends",), f"there is no file {named}", near)])
    return None


def _refuse_rounds(chain: list[Located], base: Path) -> None:
    if base.resolve() in {file.path.resolve() for file in chain}:
        names = " → ".join([*(file.path.name for file in chain), base.name])
        raise ValueError(f"extends goes round: {names}")
    if len(chain) >= DEEPEST_EXTENDS:
        raise ValueError(f"extends more than {DEEPEST_EXTENDS} files deep")


def inside(folder: Path, start: Path, named: object) -> Path:
    """Return the path that a scenario names, if it lies in the scenario's folder or below.

    Args:
        folder: The folder of the scenario that was asked for.
        start: The folder of the file that names the path.
        named: What it says.

    Raises:
        ValueError: If it is absolute, leads out of the folder (also by a link), or is no text.
    """
    if not isinstance(named, str) or not named.strip() or len(named) > LONGEST_PATH:
        raise ValueError(f"must be the name of a file, at most {LONGEST_PATH} characters long")
    if Path(named).is_absolute() or PureWindowsPath(named).anchor or "\\" in named:
        raise ValueError(f"'{named[:80]}' must be relative, with '/': a file beside or below")
    try:
        leads_out = not (start / named).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError(f"'{named[:80]}' cannot be a file") from error
    if leads_out:
        raise ValueError(f"'{named[:80]}' leads out of the scenario's folder")
    return start / named
