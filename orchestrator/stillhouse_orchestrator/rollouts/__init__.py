"""Coordinated rollouts: plans, the pure machine, and the service that carries out what it decides."""
