"""Commands over somebody's access: other rights, and a way back in for who lost their telephone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from config.vocabulary import Role
from gateway.commands.register import change_user, known_queues, user
from gateway.commands.terminal import say, stop

if TYPE_CHECKING:
    from store.database import Tx

_Login = Annotated[str, typer.Argument(help="Who.")]


@user.command("rights")
def rights(
    login: _Login,
    role: Annotated[str, typer.Option(help=", ".join(get_args(Role)))],
    medical: Annotated[bool, typer.Option("--medical", help="May open sealed cases (medical matters).")] = False,
    queue: Annotated[
        list[str] | None, typer.Option(help="A queue whose cases they may see; repeat it for more. All by default.")
    ] = None,
) -> None:
    """Give somebody other rights, all of them at once. They are signed out everywhere."""
    from store import users

    if role not in get_args(Role):
        raise stop(f"'{role}' is not a role; use one of {', '.join(get_args(Role))}", 2)
    known_queues(queue or ())

    async def change(tx: Tx, user_id: int, *, actor: str, now: datetime) -> None:
        await users.set_rights(
            tx,
            user_id,
            role=role,  # type: ignore[arg-type]  # checked above against the closed list
            medical=medical and role != "administrator",
            queues=queue or None,
            actor=actor,
            now=now,
        )

    change_user(login, change)
    say(f"{login} is {role} from the next sign-in on.")


@user.command("without-code")
def without_code(login: _Login) -> None:
    """Take the second step from somebody who lost their telephone and their recovery codes. They are signed out everywhere."""
    from store import access

    change_user(login, access.reset_second_step)
    say(f"{login} signs in by password alone, and can set the second step up again.")


def add_to(app: typer.Typer) -> None:
    """The commands stand below `guichet user`, which is there already."""
    del app
