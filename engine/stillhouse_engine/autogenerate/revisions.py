"""The revision files that a command is about to write, from the first database to the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stillhouse_engine.autogenerate.compare.changes import populate
from stillhouse_engine.autogenerate.context import AutogenContext
from stillhouse_engine.autogenerate.render.bodies import into_template_variables
from stillhouse_engine.errors import CommandError
from stillhouse_engine.operations import ops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stillhouse_engine.config import Config
    from stillhouse_engine.runtime.migration import MigrationContext
    from stillhouse_engine.script import Script, ScriptDirectory

RENDERING_OPTIONS = (
    "sqlalchemy_module_prefix",
    "alembic_module_prefix",
    "user_module_prefix",
    "render_item",
    "render_as_batch",
)


class RevisionContext:
    """Gathers what ``revision`` and ``check`` find, one database after another, and writes it.

    Args:
        config: the configuration.
        script_directory: the script directory.
        command_args: the arguments of the command.
        process_revision_directives: a hook of the command's caller, which comes before env.py's.

    Attributes:
        generated_revisions: the revisions; hooks may edit, add and remove them.
        template_args: variables of the template.
    """

    def __init__(
        self,
        config: Config,
        script_directory: ScriptDirectory,
        command_args: dict[str, Any],
        process_revision_directives: Callable[..., None] | None = None,
    ) -> None:
        self.config = config
        self.script_directory = script_directory
        self.command_args = command_args
        self.process_revision_directives = process_revision_directives
        self.template_args: dict[str, Any] = {"config": config}
        self.generated_revisions = [self._default_revision()]
        self._contexts: list[AutogenContext] = []

    def _default_revision(self) -> ops.MigrationScript:
        arguments = self.command_args
        return ops.MigrationScript(
            rev_id=arguments["rev_id"] or new_revision_id(),
            message=arguments["message"],
            upgrade_ops=ops.UpgradeOps([]),
            downgrade_ops=ops.DowngradeOps([]),
            head=arguments["head"],
            splice=arguments["splice"],
            branch_label=arguments["branch_label"],
            version_path=arguments["version_path"],
            depends_on=arguments["depends_on"],
        )

    def run_autogenerate(self, rev: Any, migration_context: MigrationContext) -> None:
        """Compare one database with the models.

        Args:
            rev: the revisions that it is at.
            migration_context: its migration context.

        Raises:
            CommandError: it is not at the head, so that differences would include what is only not applied yet.
        """
        self._run_environment(rev, migration_context, autogenerate=True)

    def run_no_autogenerate(self, rev: Any, migration_context: MigrationContext) -> None:
        """Take one database's settings and hooks, without comparing."""
        self._run_environment(rev, migration_context, autogenerate=False)

    def _run_environment(self, rev: Any, migration_context: MigrationContext, *, autogenerate: bool) -> None:
        if autogenerate:
            self._require_head(rev)
        script = self._next_database(migration_context)
        context = AutogenContext(migration_context, autogenerate=autogenerate)
        self._contexts.append(context)
        if autogenerate:
            populate(context, script)
        for hook in (self.process_revision_directives, migration_context.opts.get("process_revision_directives")):
            if hook is not None:
                hook(migration_context, rev, self.generated_revisions)

    def _require_head(self, rev: Any) -> None:
        if self.command_args["sql"]:
            raise CommandError("Using --sql with --autogenerate does not make any sense")
        at = {revision.revision for revision in self.script_directory.get_revisions(rev)}
        heads = {revision.revision for revision in self.script_directory.get_revisions("heads")}
        if at != heads:
            raise CommandError("Target database is not up to date.")

    def _next_database(self, migration_context: MigrationContext) -> ops.MigrationScript:
        """Return the last revision, with a place for one more database's operations."""
        script = self.generated_revisions[-1]
        upgrade_token = migration_context.opts.get("upgrade_token", "upgrades")
        downgrade_token = migration_context.opts.get("downgrade_token", "downgrades")
        if self._contexts:
            script.upgrade_ops_list.append(ops.UpgradeOps([], upgrade_token=upgrade_token))
            script.downgrade_ops_list.append(ops.DowngradeOps([], downgrade_token=downgrade_token))
        else:
            script.upgrade_ops_list[-1].upgrade_token = upgrade_token
            script.downgrade_ops_list[-1].downgrade_token = downgrade_token
        return script

    def generate_scripts(self) -> Iterator[Script | None]:
        """Write every revision, and yield what was written."""
        for migration_script in self.generated_revisions:
            yield self._to_script(migration_script)

    def _to_script(self, migration_script: ops.MigrationScript) -> Script | None:
        variables = {"imports": "", "upgrades": "", "downgrades": "", **self.template_args}
        if self._contexts:
            context = AutogenContext(self._contexts[-1].migration_context, autogenerate=False)
            context.imports = migration_script.imports
            into_template_variables(context, migration_script, variables)
        elif migration_script.imports:
            variables["imports"] = "\n".join(sorted(migration_script.imports))
        return self.script_directory.generate_revision(
            migration_script.rev_id or new_revision_id(),
            migration_script.message,
            head=migration_script.head,
            splice=migration_script.splice,
            branch_labels=migration_script.branch_label,
            version_path=migration_script.version_path,
            depends_on=migration_script.depends_on,
            **variables,
        )


def new_revision_id() -> str:
    """Return a new revision id."""
    from stillhouse_engine.script.generation import rev_id

    return rev_id()
