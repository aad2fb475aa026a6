"""Running revisions: what a migration knows while it runs, its version table, transactions, locks and senders."""
