"""Alerts: what needs a person, once, until it is over."""
