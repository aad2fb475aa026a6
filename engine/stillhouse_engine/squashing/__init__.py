"""Squashing: many revisions replaced by one that makes the same database, which is proved before anything is written."""
