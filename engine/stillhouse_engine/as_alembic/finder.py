"""Serving ``import alembic…`` from the engine: one object per thing, by whichever name it is imported."""

from __future__ import annotations

import importlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from stillhouse_engine.as_alembic.distribution import alembic_distributions
from stillhouse_engine.as_alembic.names import ALIASES, COLLECTIONS, PACKAGES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import Distribution, DistributionFinder

ROOT = "alembic"
PROGRAMS = {"alembic.__main__": "alembic", "alembic.config": "config.py"}
"""Modules that are Alembic's command line, with the name that it has then."""


class AliasLoader(Loader):
    """Makes one of the engine's modules known by a second name: the module itself, not a copy."""

    def __init__(self, target: str) -> None:
        self.target = target

    def create_module(self, spec: ModuleSpec) -> None:
        """Let the import system make a placeholder, so that it writes nothing into the engine's module."""

    def exec_module(self, module: ModuleType) -> None:
        """Put the engine's module in the placeholder's place.

        Raises:
            ImportError: the engine does not work here.
        """
        name = module.__name__
        try:
            sys.modules[name] = importlib.import_module(self.target)
        except ImportError as error:
            version = str(getattr(sys.modules.get("sqlalchemy"), "__version__", ""))
            if not version.startswith("1."):
                raise
            raise ImportError(
                f"{sys.executable} has SQLAlchemy {version}; Stillhouse's engine, like Alembic 1.20.1, needs SQLAlchemy 2: "
                "install 'sqlalchemy>=2.0.36' there"
            ) from error


class CollectionModule(ModuleType):
    """A module that only names things of others; each is looked up when it is first asked for."""

    def __init__(self, name: str, entries: dict[str, str]) -> None:
        super().__init__(name, "Names of Alembic, served by Stillhouse's engine.")
        self._entries = entries
        self.__all__ = [entry for entry in entries if not entry.startswith("_")]

    def __getattr__(self, name: str) -> Any:
        if f"{self.__name__}.{name}" in SERVED:
            return importlib.import_module(f"{self.__name__}.{name}")
        target = self._entries.get(name)
        if target is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = resolve(target)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._entries})


class CollectionLoader(Loader):
    """Makes a module that collects names."""

    def __init__(self, entries: dict[str, str]) -> None:
        self.entries = entries

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make it."""
        return CollectionModule(spec.name, self.entries)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: its names are looked up when asked for."""

    def get_code(self, fullname: str) -> CodeType | None:
        """Return what ``python -m`` runs of a module: Alembic's command line, where it is one of its names."""
        program = PROGRAMS.get(fullname)
        source = f"from alembic.config import main\nraise SystemExit(main(prog={program!r}))"
        return compile(source, fullname, "exec") if program else None


def resolve(target: str) -> Any:
    """Return what ``package.module:attribute`` means; a value after ``=`` is meant literally."""
    if target.startswith("="):
        return target[1:]
    module, _, attribute = target.partition(":")
    loaded = importlib.import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


SERVED = frozenset(ALIASES) | frozenset(COLLECTIONS)


class AlembicFinder(MetaPathFinder):
    """Finds ``alembic`` and everything below it in the engine, and nothing else anywhere."""

    def find_spec(self, fullname: str, *_: Any, **__: Any) -> ModuleSpec | None:
        """Return how to load a module of Alembic's name.

        Raises:
            ModuleNotFoundError: the name is below ``alembic`` and nothing is served by it. An installed Alembic must
                not answer instead: half of each would be neither.
        """
        if fullname.partition(".")[0] != ROOT:
            return None
        loader: Loader
        if fullname in ALIASES:
            loader = AliasLoader(ALIASES[fullname])
        elif fullname in COLLECTIONS:
            loader = CollectionLoader(COLLECTIONS[fullname])
        else:
            raise ModuleNotFoundError(f"Stillhouse serves no module {fullname!r}", name=fullname)
        return ModuleSpec(fullname, loader, origin="stillhouse", is_package=fullname in PACKAGES)

    def find_distributions(self, context: DistributionFinder.Context = ...) -> Iterable[Distribution]:  # type: ignore[assignment]
        """Say that Alembic is installed, to whoever asks ``importlib.metadata``."""
        return alembic_distributions(getattr(context, "name", None))
