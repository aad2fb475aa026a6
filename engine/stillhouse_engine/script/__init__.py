"""The script directory and the revision graph."""

from stillhouse_engine.script.base import Script, ScriptDirectory

__all__ = ["Script", "ScriptDirectory"]
