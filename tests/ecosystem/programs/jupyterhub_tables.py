"""Makes JupyterHub's tables in an empty database, as the hub does when it starts."""

from __future__ import annotations

import sys

from jupyterhub import orm

if __name__ == "__main__":
    orm.new_session_factory(sys.argv[1])
