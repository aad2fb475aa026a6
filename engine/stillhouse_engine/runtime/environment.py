"""The environment context: what env.py sees as ``context`` while a command runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, overload

from stillhouse_engine.errors import CommandError
from stillhouse_engine.forwarding import Installable, Standing
from stillhouse_engine.operations import Operations
from stillhouse_engine.runtime.migration import MigrationContext

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
    from contextlib import AbstractContextManager
    from contextvars import Token
    from types import TracebackType
    from typing import TextIO, TypeAlias

    from sqlalchemy import Column, Connection, Executable, MetaData
    from sqlalchemy.engine import URL
    from sqlalchemy.schema import SchemaItem
    from sqlalchemy.types import TypeEngine

    from stillhouse_engine.config import Config
    from stillhouse_engine.dialects.impl import DefaultImpl
    from stillhouse_engine.runtime.running import RunningStep
    from stillhouse_engine.runtime.transactions import MigrationTransaction
    from stillhouse_engine.script.base import ScriptDirectory

    RevisionNumber: TypeAlias = str | tuple[str, ...] | None
    IncludeName: TypeAlias = Callable[[str | None, str, MutableMapping[Any, str | None]], bool]
    IncludeObject: TypeAlias = Callable[[SchemaItem, str | None, str, bool, SchemaItem | None], bool]
    CompareType: TypeAlias = Callable[
        [MigrationContext, Column[Any], Column[Any], TypeEngine[Any], TypeEngine[Any]], bool | None
    ]
    CompareServerDefault: TypeAlias = Callable[
        [MigrationContext, Column[Any], Column[Any], str | None, Any, str | None], bool | None
    ]
    RenderItem: TypeAlias = Callable[[str, Any, Any], str | Literal[False]]
    ProcessDirectives: TypeAlias = Callable[[MigrationContext, Any, list[Any]], None]
    OnVersionApply: TypeAlias = Callable[..., None]

__all__ = ["CURRENT", "EnvironmentContext"]

CURRENT: Standing[EnvironmentContext] = Standing("stillhouse_environment_context")
"""The environment of the command that this task or thread runs."""


class EnvironmentContext(Installable):
    """A configuration, a script directory and the options of a command, ready to run env.py.

    Used as a context manager; ``context`` means this environment inside the block, in this task or thread only.

    Args:
        config: the configuration.
        script: the script directory.
        **kw: the command's options: ``fn``, ``as_sql``, ``starting_rev``, ``destination_rev``, ``tag``, and more, which
            ``MigrationContext.opts`` carries on.
    """

    _standing = CURRENT

    def __init__(self, config: Config, script: ScriptDirectory, **kw: Any) -> None:
        self._config = config
        self.script = script
        self.context_opts: dict[str, Any] = kw
        self._migration_context: MigrationContext | None = None
        self._tokens: list[Token[EnvironmentContext | None]] = []

    def __enter__(self) -> Self:
        self._tokens.append(CURRENT.enter(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        CURRENT.leave(self, self._tokens.pop())

    @property
    def config(self) -> Config:
        """The configuration; a revision that asks for it may find a URL there, and runs on every database."""
        if self._migration_context is not None:
            self._migration_context.looked_at("the configuration")
        return self._config

    def is_offline_mode(self) -> bool:
        """Tell whether statements are to be written as text."""
        return bool(self.context_opts.get("as_sql", False))

    def is_transactional_ddl(self) -> bool:
        """Tell whether the configured database rolls DDL back."""
        return bool(self.get_context().impl.transactional_ddl)

    def requires_connection(self) -> bool:
        """Tell whether ``configure()`` needs a connection."""
        return not self.is_offline_mode()

    def get_head_revision(self) -> RevisionNumber:
        """Return the only head of the script directory."""
        return self.script.as_revision_number("head")

    def get_head_revisions(self) -> RevisionNumber:
        """Return all heads of the script directory."""
        return self.script.as_revision_number("heads")

    def get_starting_revision_argument(self) -> RevisionNumber:
        """Return the revision that offline text starts from; None online, where the database tells.

        Raises:
            CommandError: it is not known yet.
        """
        if self._migration_context is not None:
            starting = self._migration_context._start_from_rev  # noqa: SLF001 - same package
            return self.script.as_revision_number(starting) if starting else None
        if "starting_rev" in self.context_opts:
            return self.script.as_revision_number(self.context_opts["starting_rev"])
        raise CommandError("No starting revision argument is available.")

    def get_revision_argument(self) -> RevisionNumber:
        """Return the revision that the run goes to."""
        return self.script.as_revision_number(self.context_opts["destination_rev"])

    def get_tag_argument(self) -> str | None:
        """Return the value of ``--tag``."""
        tag: str | None = self.context_opts.get("tag")
        return tag

    @overload
    def get_x_argument(self, as_dictionary: Literal[False] = False) -> list[str]: ...

    @overload
    def get_x_argument(self, as_dictionary: Literal[True]) -> dict[str, str]: ...

    @overload
    def get_x_argument(self, as_dictionary: bool = False) -> list[str] | dict[str, str]: ...

    def get_x_argument(self, as_dictionary: bool = False) -> list[str] | dict[str, str]:
        """Return the values of ``-x``.

        Args:
            as_dictionary: split each at its first ``=``; one without has an empty value.
        """
        values = list(getattr(self._config.cmd_opts, "x", None) or [])
        if not as_dictionary:
            return values
        pairs = (value.partition("=") for value in values)
        return {name: value for name, _, value in pairs}

    def configure(  # noqa: PLR0917 - Alembic's signature
        self,
        connection: Connection | None = None,
        url: str | URL | None = None,
        dialect_name: str | None = None,
        dialect_opts: dict[str, Any] | None = None,
        transactional_ddl: bool | None = None,
        transaction_per_migration: bool = False,
        output_buffer: TextIO | None = None,
        starting_rev: str | None = None,
        tag: str | None = None,
        template_args: dict[str, Any] | None = None,
        render_as_batch: bool = False,
        target_metadata: MetaData | Sequence[MetaData] | None = None,
        include_name: IncludeName | None = None,
        include_object: IncludeObject | None = None,
        include_schemas: bool = False,
        process_revision_directives: ProcessDirectives | None = None,
        compare_type: bool | CompareType = True,
        compare_server_default: bool | CompareServerDefault = False,
        render_item: RenderItem | None = None,
        literal_binds: bool = False,
        upgrade_token: str = "upgrades",  # noqa: S107 - a template's variable
        downgrade_token: str = "downgrades",  # noqa: S107 - a template's variable
        alembic_module_prefix: str = "op.",
        sqlalchemy_module_prefix: str = "sa.",
        user_module_prefix: str | None = None,
        on_version_apply: OnVersionApply | Collection[OnVersionApply] | None = None,
        autogenerate_plugins: Sequence[str] | None = None,
        **kw: Any,
    ) -> None:
        """Configure the migration context: what to migrate, and how.

        The keywords are Alembic's; see docs/reference/alembic-compatibility.md. Keywords that are not listed here are
        kept in ``MigrationContext.opts`` for dialects and hooks.
        """
        opts = self.context_opts
        opts["transaction_per_migration"] = transaction_per_migration
        opts["target_metadata"] = target_metadata
        opts["include_name"] = include_name
        opts["include_object"] = include_object
        opts["include_schemas"] = include_schemas
        opts["render_as_batch"] = render_as_batch
        opts["upgrade_token"] = upgrade_token
        opts["downgrade_token"] = downgrade_token
        opts["sqlalchemy_module_prefix"] = sqlalchemy_module_prefix
        opts["alembic_module_prefix"] = alembic_module_prefix
        opts["user_module_prefix"] = user_module_prefix
        opts["literal_binds"] = literal_binds
        opts["process_revision_directives"] = process_revision_directives
        opts["on_version_apply"] = callbacks(on_version_apply)
        opts["compare_type"] = compare_type
        opts["compare_server_default"] = compare_server_default
        opts["script"] = self.script
        optional = {
            "transactional_ddl": transactional_ddl,
            "output_buffer": output_buffer if output_buffer is not None else self._config.output_buffer,
            "starting_rev": starting_rev or None,
            "tag": tag or None,
            "render_item": render_item,
            "autogenerate_plugins": autogenerate_plugins,
        }
        opts.update({name: value for name, value in optional.items() if value is not None})
        merge_template_arguments(opts, template_args)
        opts.update(kw)
        self._migration_context = MigrationContext.configure(
            connection=connection,
            url=url,
            dialect_name=dialect_name,
            environment_context=self,
            dialect_opts=dialect_opts,
            opts=opts,
        )

    def run_migrations(self, **kw: Any) -> None:
        """Run the revisions that the command asks for.

        Args:
            **kw: handed to each revision's ``upgrade()`` or ``downgrade()``.

        Raises:
            CommandError: there is no connection to run them on.
        """
        context = self._runnable()
        with Operations.context(context):
            context.run_migrations(**kw)

    def execute(self, sql: Executable | str, execution_options: dict[str, Any] | None = None) -> None:
        """Execute a statement on the configured connection, or write it offline."""
        self.get_context().execute(sql, execution_options=execution_options)

    def static_output(self, text: str) -> None:
        """Write text to the offline output."""
        self.get_context().impl.static_output(text)

    def begin_transaction(self) -> MigrationTransaction | AbstractContextManager[None, bool | None]:
        """Begin the transaction around all revisions, where there is one."""
        return self._runnable().begin_transaction()

    def _runnable(self) -> MigrationContext:
        context = self.get_context()
        if context.impl.connection is None and not context.as_sql:
            raise CommandError(
                "context.configure() was given no connection, which only --sql does without; pass connection=."
            )
        return context

    def get_context(self) -> MigrationContext:
        """Return the configured migration context.

        Raises:
            CommandError: ``configure()`` was not called yet.
        """
        if self._migration_context is None:
            raise CommandError("No context has been configured yet.")
        return self._migration_context

    def failed_step(self) -> RunningStep | None:
        """Return the step that an error ended, if one did."""
        return self._migration_context.running if self._migration_context is not None else None

    def get_bind(self) -> Connection:
        """Return the connection."""
        bind: Connection = self.get_context().bind  # type: ignore[assignment]
        return bind

    def get_impl(self) -> DefaultImpl:
        """Return the dialect's implementation."""
        return self.get_context().impl


def callbacks(given: OnVersionApply | Collection[OnVersionApply] | None) -> tuple[OnVersionApply, ...]:
    """Return what ``on_version_apply`` was given as a tuple of functions."""
    if given is None:
        return ()
    return (given,) if callable(given) else tuple(given)


def merge_template_arguments(opts: dict[str, Any], given: Mapping[str, Any] | None) -> None:
    """Add env.py's template arguments to those of the command, which win nothing over them."""
    if given and "template_args" in opts:
        opts["template_args"].update(given)
