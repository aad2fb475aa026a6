"""What to run and where, as plain data: a project, a database, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_VERSION_TABLE = "alembic_version"


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """A project of revisions.

    Attributes:
        root: its working directory; where relative paths start.
        import_path: folders to import the project's modules from.
        script_location: its script directory; or:
        alembic_ini: its configuration file.
        ini_section: the section of that file.
    """

    root: str
    import_path: tuple[str, ...] = ()
    script_location: str | None = None
    alembic_ini: str | None = None
    ini_section: str = "alembic"


@dataclass(frozen=True, slots=True)
class DatabaseSpec:
    """One database that a project's revisions run on.

    Attributes:
        name: what people call it.
        url: SQLAlchemy URL with the password.
        schema: the schema that unqualified names mean (PostgreSQL).
        version_table: the version table; Alembic's default leaves the choice to env.py.
        version_table_schema: its schema; None leaves the choice to env.py.
        metadata: ``package.module:attribute`` of the models.
        lock_timeout: seconds that one statement may wait for a lock of the database, each try.
        statement_timeout: seconds that one statement may take.
        x_arguments: what ``-x`` would give.
        replay: take the statements that a sibling's run recorded, where revisions read nothing.
    """

    name: str
    url: str
    schema: str | None = None
    version_table: str = DEFAULT_VERSION_TABLE
    version_table_schema: str | None = None
    metadata: str | None = None
    lock_timeout: float = 0.5
    statement_timeout: float | None = None
    x_arguments: tuple[str, ...] = ()
    replay: bool = True


@dataclass(frozen=True, slots=True)
class AppliedRevision:
    """A revision that a run applied or reverted.

    Attributes:
        revision: its id.
        is_upgrade: applied, rather than reverted.
        seconds: how long it took.
    """

    revision: str
    is_upgrade: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run.

    Attributes:
        from_heads: where the database stood.
        to_heads: where it stands.
        applied: the revisions that ran, in order.
        attempts: how many tries it took.
        statements: statements sent; None when nobody counted.
    """

    from_heads: tuple[str, ...]
    to_heads: tuple[str, ...]
    applied: tuple[AppliedRevision, ...] = ()
    attempts: int = 1
    statements: int | None = None


@dataclass(frozen=True, slots=True)
class RevisionSummary:
    """A revision of the graph.

    Attributes:
        replaces: of a squashed revision, the ids whose place it takes, its own among them.
    """

    revision: str
    down_revision: tuple[str, ...]
    doc: str
    branch_labels: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    path: str | None = None
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectSummary:
    """A project's graph as plain data, newest revision first.

    Attributes:
        originals: the revisions that squashed ones have replaced, where their files are kept.
    """

    heads: tuple[str, ...]
    bases: tuple[str, ...]
    revisions: tuple[RevisionSummary, ...]
    originals: tuple[RevisionSummary, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedRevision:
    """The statements of one revision as text.

    Attributes:
        revision: its id.
        is_upgrade: to be applied, rather than reverted.
        doc: the first line of its docstring.
        sql: its statements, the version row's last.
        problem: why it cannot be told beforehand, when it cannot: it reads the database.
    """

    revision: str
    is_upgrade: bool
    doc: str
    sql: tuple[str, ...]
    problem: str | None = None
