"""Worker processes, the pool that keeps them, and the ``Executor`` seam between what decides and what runs."""
