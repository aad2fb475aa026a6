"""The worker: a process that runs user code (env.py, revisions, metadata) for a daemon that never imports any."""
