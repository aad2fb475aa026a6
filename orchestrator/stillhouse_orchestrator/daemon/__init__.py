"""``stillhouse serve``: the background service."""
