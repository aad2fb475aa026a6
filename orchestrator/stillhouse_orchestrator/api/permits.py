"""What a route asks of its caller: one of three roles."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from stillhouse_orchestrator.api.access import Caller, Role, require
from stillhouse_orchestrator.api.desk import Desk
from stillhouse_orchestrator.application import Application

bearer = HTTPBearer(auto_error=False, description="A token of `api.tokens` in the fleet file.")


class Permit:
    """A dependency of routes: the caller, when the role is high enough.

    Attributes:
        role: what the route needs.
    """

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(
        self, request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None
    ) -> Caller:
        """Return the caller, whom the gate has identified.

        Raises:
            AccessDeniedError: the role is too low.
        """
        caller: Caller = request.state.caller
        require(caller, self.role)
        return caller


async def desk_of(request: Request) -> Desk:
    """Return the desk behind the application."""
    desk: Desk = request.app.state.desk
    return desk


async def application_of(request: Request) -> Application:
    """Return the fleet and its services.

    Raises:
        ProblemError: the daemon does not serve.
    """
    desk: Desk = request.app.state.desk
    return desk.application


Viewer = Annotated[Caller, Depends(Permit(Role.VIEWER))]
Operator = Annotated[Caller, Depends(Permit(Role.OPERATOR))]
Admin = Annotated[Caller, Depends(Permit(Role.ADMIN))]
House = Annotated[Application, Depends(application_of)]
Counter = Annotated[Desk, Depends(desk_of)]
