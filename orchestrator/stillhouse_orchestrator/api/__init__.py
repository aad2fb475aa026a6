"""The daemon's HTTP side: health and readiness."""
