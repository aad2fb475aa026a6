"""Projects that ``stillhouse init`` and ``stillhouse demo`` write.

They lie here as files that end in ``.in``, so that no tool of ours takes them for modules of ours.
"""

from __future__ import annotations

from pathlib import Path

from stillhouse_orchestrator.errors import StillhouseError

SUFFIX = ".in"
HIDDEN = {"gitignore": ".gitignore"}  # packaging tools drop files whose names begin with a dot


class FolderInUseError(StillhouseError):
    """A scaffold would overwrite a file that is already there.

    Attributes:
        path: the file that is in the way.
    """

    hint = "choose another folder: nothing was written"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} exists already")


def write(name: str, folder: Path) -> tuple[Path, ...]:
    """Write a scaffold into a folder and return the files, relative to it.

    Raises:
        FolderInUseError: one of them exists; none is written then.
    """
    source = Path(__file__).parent / name
    found = {file: _target(file.relative_to(source)) for file in sorted(source.rglob(f"*{SUFFIX}"))}
    for path in found.values():
        if (folder / path).exists():
            raise FolderInUseError(folder / path)
    for file, path in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    return tuple(found.values())


def _target(path: Path) -> Path:
    name = path.name.removesuffix(SUFFIX)
    return path.with_name(HIDDEN.get(name, name))
