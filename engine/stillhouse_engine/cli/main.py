"""The command line: every command function becomes a sub-command by its own signature."""

from __future__ import annotations

import inspect
import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from stillhouse_engine import as_alembic, command
from stillhouse_engine.cli.options import GLOBALS, OPTIONS, POSITIONALS, TRANSLATIONS
from stillhouse_engine.config import Config
from stillhouse_engine.errors import CommandError
from stillhouse_engine.messaging import err

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Callable, Sequence

ALEMBIC_VERSION = "1.20.1"
"""The version whose language this command line speaks; tools look at it."""
BACKGROUND = "(Background on this error at:"  # the last line of SQLAlchemy's errors, a web address


class CommandLine:
    """Parses arguments and runs a command.

    Args:
        prog: the program's name in help texts.
    """

    def __init__(self, prog: str | None = None) -> None:
        self.subparsers: _SubParsersAction[ArgumentParser]
        self.parser: ArgumentParser
        self._generate_args(prog)

    def _generate_args(self, prog: str | None) -> None:
        parser = ArgumentParser(prog=prog)
        parser.add_argument("--version", action="version", version=f"%(prog)s {ALEMBIC_VERSION}")
        for flags, options in GLOBALS:
            parser.add_argument(*flags, **options)
        self.parser = parser
        self.subparsers = parser.add_subparsers()
        for name in command.__all__:
            self.register_command(getattr(command, name))

    def register_command(self, fn: Callable[..., Any]) -> None:
        """Add a function as a sub-command.

        Its first parameter is the configuration; parameters without a default become positional arguments, known ones with
        a default become options. The first paragraph of its docstring is its help.
        """
        name = fn.__name__
        parameters = list(inspect.signature(fn).parameters.values())[1:]
        text = " ".join((inspect.getdoc(fn) or "").split("\n\n")[0].split())
        subparser = self.subparsers.add_parser(name, help=text)
        translations = TRANSLATIONS.get(name, {})
        positional, keyword = [], []
        for parameter in parameters:
            if parameter.default is inspect.Parameter.empty:
                known = translations.get(parameter.name, parameter.name)
                subparser.add_argument(known, **POSITIONALS.get(known, {}))
                positional.append(known)
            elif parameter.name in OPTIONS:
                flags, options = OPTIONS[parameter.name]
                subparser.add_argument(*flags, dest=parameter.name, **options)
                keyword.append(parameter.name)
        subparser.set_defaults(cmd=(fn, positional, keyword))

    def main(self, argv: Sequence[str] | None = None) -> None:
        """Run the command that the arguments name."""
        options = self.parser.parse_args(argv)
        if not hasattr(options, "cmd"):
            self.parser.error("too few arguments")
        try:
            toml, ini = self._inis_from_config(options)
            config = Config(file_=ini, toml_file=toml, ini_section=options.name, cmd_opts=options)
        except CommandError as error:
            self._fail(error, options)
        try:
            self.run_cmd(config, options)
        except Exception as error:
            from sqlalchemy.exc import SQLAlchemyError  # help and listings do without it

            if not isinstance(error, SQLAlchemyError):
                raise
            self._fail(error, options)

    def run_cmd(self, config: Config, options: Namespace) -> None:
        """Run the parsed command; an error that a person can mend ends the program with its message."""
        fn, positional, keyword = options.cmd
        try:
            fn(
                config,
                *(getattr(options, name) for name in positional),
                **{name: getattr(options, name) for name in keyword},
            )
        except CommandError as error:
            self._fail(error, options)

    def _inis_from_config(self, options: Namespace) -> tuple[str, str]:
        """Return the pyproject and the ini file that the arguments, or the environment, name."""
        given = [name for name in options.config or [os.environ.get("ALEMBIC_CONFIG")] if name]
        toml = [name for name in given if Path(name).name == "pyproject.toml"]
        ini = [name for name in given if Path(name).name != "pyproject.toml"]
        if len(ini) > 1:
            raise CommandError("only one ini file may be indicated")
        if len(toml) > 1:
            raise CommandError("only one pyproject.toml file may be indicated")
        return (toml or ["pyproject.toml"])[0], (ini or ["alembic.ini"])[0]

    def _fail(self, error: Exception, options: Namespace) -> NoReturn:
        if options.raiseerr:
            raise error
        lines = [line for line in str(error).splitlines() if not line.startswith(BACKGROUND)]
        if not isinstance(error, CommandError):
            lines += getattr(error, "__notes__", [])  # where in which revision
        err("\n".join(lines), **({"quiet": True} if options.quiet else {}))


def main(argv: Sequence[str] | None = None, prog: str | None = None, **_: Any) -> None:
    """Run the command line, with ``import alembic`` meaning this engine in the project's files.

    Args:
        argv: the arguments; those of the process by default.
        prog: the program's name in help texts.
    """
    as_alembic.install()
    CommandLine(prog=prog).main(argv=argv)
