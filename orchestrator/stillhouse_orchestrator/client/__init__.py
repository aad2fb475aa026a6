"""The command line as a client of a running daemon.

It starts fast: nothing here imports SQLAlchemy, pydantic, asyncio or a HTTP library.
"""
