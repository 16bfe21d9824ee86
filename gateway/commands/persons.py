"""Whoever is named with `--by` when a command is used, with their rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.terminal import stop

if TYPE_CHECKING:
    from store.database import Tx
    from store.users import User
    from store.viewer import Viewer

By = Annotated[str, typer.Option("--by", help="Login of who does it; with their rights on sealed cases.")]


class UnknownPersonError(Exception):
    """Nobody signs in so."""


async def person(tx: Tx, login: str) -> User | None:
    """The user with this login; None when nobody is named. Raises `UnknownPersonError`."""
    from store import users

    if not login:
        return None
    found = await users.by_login(tx, login)
    if found is None or found.disabled:
        raise UnknownPersonError
    return found


async def viewer(tx: Tx, login: str) -> Viewer:
    """Whoever is named, with their rights; otherwise the command, which sees nothing that is sealed."""
    from store.viewer import Viewer

    found = await person(tx, login)
    if found is None:
        return Viewer(0, "command", "supervisor")
    return found.viewer


def unknown(login: str) -> typer.Exit:
    """How a command ends that somebody unknown was named to."""
    return stop(f"there is no user {login}")
