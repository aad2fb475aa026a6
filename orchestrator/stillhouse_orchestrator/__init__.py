"""The daemon and the command line: fleets, drift, alerts, rollouts."""
