"""Drift: what a live schema has that its migrations did not make, and what to do about it."""
