"""The options of the command line, by the name of the command argument that they set."""

from __future__ import annotations

from typing import Any

SQL_HELP = "Don't emit SQL to database - dump to standard output/file instead. See docs on offline mode."

OPTIONS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "template": (
        ("-t", "--template"),
        {"default": "generic", "type": str, "help": "Setup template for use with 'init'"},
    ),
    "message": (("-m", "--message"), {"type": str, "help": "Message string to use with 'revision'"}),
    "sql": (("--sql",), {"action": "store_true", "help": SQL_HELP}),
    "dry_run": (
        ("--dry-run",),
        {"action": "store_true", "help": "Run the revisions in a transaction, print what they send, and roll it back."},
    ),
    "tag": (("--tag",), {"type": str, "help": "Arbitrary 'tag' name - can be used by custom env.py scripts."}),
    "head": (
        ("--head",),
        {"type": str, "help": "Specify head revision or <branchname>@head to base new revision on."},
    ),
    "splice": (
        ("--splice",),
        {"action": "store_true", "help": "Allow a non-head revision as the 'head' to splice onto"},
    ),
    "depends_on": (
        ("--depends-on",),
        {
            "action": "append",
            "help": "Specify one or more revision identifiers which this revision should depend on.",
        },
    ),
    "rev_id": (
        ("--rev-id",),
        {"type": str, "help": "Specify a hardcoded revision id instead of generating one"},
    ),
    "version_path": (
        ("--version-path",),
        {"type": str, "help": "Specify specific path from config for version file"},
    ),
    "branch_label": (
        ("--branch-label",),
        {"type": str, "help": "Specify a branch label to apply to the new revision"},
    ),
    "verbose": (("-v", "--verbose"), {"action": "store_true", "help": "Use more verbose output"}),
    "resolve_dependencies": (
        ("--resolve-dependencies",),
        {"action": "store_true", "help": "Treat dependency versions as down revisions"},
    ),
    "autogenerate": (
        ("--autogenerate",),
        {
            "action": "store_true",
            "help": "Populate revision script with candidate migration operations, based on comparison of database to model.",
        },
    ),
    "rev_range": (
        ("-r", "--rev-range"),
        {"action": "store", "help": "Specify a revision range; format is [start]:[end]"},
    ),
    "indicate_current": (
        ("-i", "--indicate-current"),
        {"action": "store_true", "help": "Indicate the current revision"},
    ),
    "purge": (
        ("--purge",),
        {"action": "store_true", "help": "Unconditionally erase the version table before stamping"},
    ),
    "package": (
        ("--package",),
        {"action": "store_true", "help": "Write empty __init__.py files to the environment and version locations"},
    ),
    "scratch_url": (
        ("--scratch-url",),
        {"type": str, "metavar": "URL", "help": "Where to make scratch databases; by default beside sqlalchemy.url"},
    ),
    "without_data": (
        ("--without-data",),
        {
            "action": "store_true",
            "help": "Squash a range above the base even where its revisions write rows.",
        },
    ),
    "check_heads": (
        ("-c", "--check-heads"),
        {
            "action": "store_true",
            "help": "Check if all head revisions are applied to the database. Exit with an error code if this is not the case.",
        },
    ),
}

POSITIONALS: dict[str, dict[str, Any]] = {
    "directory": {"help": "location of scripts directory"},
    "revision": {"help": "revision identifier"},
    "revisions": {"nargs": "+", "help": "one or more revisions, or 'heads' for all heads"},
}

TRANSLATIONS: dict[str, dict[str, str]] = {"stamp": {"revision": "revisions"}}
"""Positional arguments that a command calls differently than its function does."""

GLOBALS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (
        ("-c", "--config"),
        {
            "action": "append",
            "help": 'Alternate config file; defaults to value of ALEMBIC_CONFIG environment variable, or "alembic.ini". '
            "May also refer to pyproject.toml file. May be specified twice to reference both files separately",
        },
    ),
    (
        ("-n", "--name"),
        {
            "type": str,
            "default": "alembic",
            "help": "Name of section in .ini file to use for Alembic config (only applies to configparser config, not toml)",
        },
    ),
    (
        ("-x",),
        {
            "action": "append",
            "help": "Additional arguments consumed by custom env.py scripts, e.g. -x setting1=somesetting -x "
            "setting2=somesetting",
        },
    ),
    (("--raiseerr",), {"action": "store_true", "help": "Raise a full stack trace on error"}),
    (("-q", "--quiet"), {"action": "store_true", "help": "Do not log to std output."}),
]
