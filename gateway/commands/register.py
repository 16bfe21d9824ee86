"""Commands over the register: users, quarantine, migrations."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, get_args

import typer
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from config.vocabulary import QUEUES, Role
from gateway.commands.terminal import emit, err, out, say, stop, with_house

if TYPE_CHECKING:
    from gateway.house import House
    from store.database import Tx
    from store.users import User

# As long as the columns are that hold them.
_LONGEST_NAME: Final = 120
_HIGHEST_ID: Final = 2**63 - 1

user = typer.Typer(help="The people who work in the console.", no_args_is_help=True)
database = typer.Typer(help="The database.", no_args_is_help=True)
quarantine = typer.Typer(
    help="What could not be processed; kept whole, and replayed once mended.", no_args_is_help=True
)


@user.command("add")
def add_user(
    login: Annotated[str, typer.Argument(help="What the person signs in with, usually a mail address.")],
    role: Annotated[str, typer.Option(help=", ".join(get_args(Role)))] = "mediator",
    name: Annotated[str, typer.Option(help="How the person signs; the login by default.")] = "",
    medical: Annotated[bool, typer.Option("--medical", help="May open sealed cases (medical matters).")] = False,
    queue: Annotated[
        list[str] | None, typer.Option(help="A queue whose cases they may see; repeat it for more. All by default.")
    ] = None,
) -> None:
    """Add a user. The password is asked for, or read from standard input; never given as an argument."""
    from store import users

    if role not in get_args(Role):
        raise stop(f"'{role}' is not a role; use one of {', '.join(get_args(Role))}", 2)
    known_queues(queue or ())
    login = login.strip()
    if not login or max(len(login), len(name)) > _LONGEST_NAME:
        raise stop(f"a login, like a name, has 1 to {_LONGEST_NAME} characters", 2)
    hashed = _hashed_password()

    async def work(house: House) -> None:
        async with house.store.write() as tx:
            await users.add(
                tx,
                login=login,
                name=name or login,
                role=role,  # type: ignore[arg-type]  # checked above against the closed list
                medical=medical,
                queues=queue or None,
                password=hashed,
                actor="command",
                now=house.now(),
            )

    try:
        with_house(work)
    except users.UserExistsError:
        raise stop(f"there is a user {login} already") from None
    say(f"{login} can sign in as {role}.")


@user.command("list")
def list_users(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """Who may sign in, as what, and who was shut out."""
    from store import users

    async def work(house: House) -> list[users.User]:
        async with house.store.read() as tx:
            return await users.listing(tx)

    found = with_house(work)
    if as_json:
        for one in found:
            plain = {name: getattr(one, name) for name in ("login", "name", "role", "medical", "disabled")}
            emit(json.dumps({**plain, "queues": _queues(one)}, ensure_ascii=False))
        return
    if not found:
        say("Nobody yet; add somebody with: guichet user add LOGIN")
        return
    table = Table("login", "name", "role", "sealed cases", "queues", "may sign in")
    for one in found:
        table.add_row(
            escape(one.login),
            escape(one.name),
            one.role,
            "yes" if one.medical else "",
            "all" if one.queues is None else ", ".join(sorted(one.queues)),
            "no" if one.disabled else "yes",
        )
    out.print(table)


def known_queues(names: Iterable[str]) -> None:
    """Ends the command at a name that is no queue of ours."""
    unknown = next((name for name in names if name not in QUEUES), None)
    if unknown is not None:
        raise stop(f"'{unknown}' is not a queue; use {', '.join(QUEUES)}", 2)


def _queues(one: User) -> list[str] | None:
    return None if one.queues is None else sorted(one.queues)


@user.command("disable")
def disable_user(login: Annotated[str, typer.Argument(help="Who.")]) -> None:
    """Shut somebody out, everywhere and at once. What they did stays under their name."""
    from store import users

    change_user(login, users.disable)
    say(f"{login} is signed out and cannot sign in.")


@user.command("enable")
def enable_user(login: Annotated[str, typer.Argument(help="Who.")]) -> None:
    """Let somebody in again who was shut out."""
    from store import users

    change_user(login, users.enable)
    say(f"{login} can sign in again.")


@user.command("password")
def change_password(login: Annotated[str, typer.Argument(help="Who.")]) -> None:
    """Give somebody another password: asked for, or read from standard input. They are signed out everywhere."""
    from store import users

    hashed = _hashed_password()

    async def change(tx: Tx, user_id: int, *, actor: str, now: datetime) -> None:
        await users.set_password(tx, user_id, hashed, actor=actor, now=now)

    change_user(login, change)
    say(f"{login} signs in with the new password from now on.")


def change_user(login: str, change: Callable[..., Awaitable[None]]) -> None:
    """Do something to the user with this login; ends the command when there is none."""
    from store import users

    async def work(house: House) -> bool:
        async with house.store.write() as tx:
            found = await users.by_login(tx, login)
            if found is not None:
                await change(tx, found.id, actor="command", now=house.now())
            return found is not None

    if not with_house(work):
        raise stop(f"there is no user {login}")


def _hashed_password() -> str:
    from console.passwords import WeakPasswordError, hash_password

    try:
        return hash_password(_password())
    except WeakPasswordError as error:
        raise stop(str(error), 2) from None


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password (12 characters or more): ")
    if getpass.getpass("Once more: ") != first:
        raise stop("the two passwords differ", 2)
    return first


@database.command("upgrade")
def upgrade(
    restored: Annotated[
        bool,
        typer.Option(
            "--restored",
            help="This database comes from a backup: references go on beyond any given out since, and heads of the "
            "audit that were kept since are held against it no more.",
        ),
    ] = False,
) -> None:
    """Bring the database to the shape of this version. Every process does so when it starts, too."""
    from gateway.chaining import keep_head
    from router.deadlines import received_day
    from store import references

    async def work(house: House) -> None:
        if restored:
            await keep_head(house, restored=True)
            async with house.store.write() as tx:
                await references.jump(tx, year=received_day(house.now()).year, now=house.now())

    with_house(work)
    say("The database is up to date.")
    if restored:
        say("References go on 10 000 later.")


@quarantine.command("list")
def list_quarantine(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """What is kept, oldest first, with the error in words."""
    from store import quarantine as kept

    async def work(house: House) -> list[kept.Kept]:
        async with house.store.read() as tx:
            return await kept.listing(tx)

    items = with_house(work)
    if as_json:
        for item in items:
            emit(json.dumps({**_kept(item)}))
        return
    if not items:
        say("Nothing is kept here.")
        return
    table = Table("id", "channel", "account", "bytes", "received", "tries", "error")
    for item in items:
        table.add_row(*(str(value) for value in _kept(item).values()))
    out.print(table)


def _kept(item: object) -> dict[str, object]:
    names = ("id", "channel", "account", "size", "received_at", "attempts", "error")
    return {name: str(value) if name == "received_at" else value for name in names for value in [getattr(item, name)]}


@quarantine.command("show")
def show_quarantine(
    item_id: Annotated[int, typer.Argument(help="The id from `quarantine list`.", min=1, max=_HIGHEST_ID)],
) -> None:
    """Write the raw message to standard output, byte for byte."""
    from store import inbox
    from store.files import FileLostError

    async def work(house: House) -> bytes | None:
        async with house.store.read() as tx:
            raw = await inbox.raw_of(tx, item_id)
        return raw.body if raw else None

    try:
        body = with_house(work)
    except FileLostError:
        raise stop(f"the file that holds item {item_id} is lost or damaged") from None
    if body is None:
        raise stop(f"there is no item {item_id}")
    sys.stdout.buffer.write(body)


@quarantine.command("replay")
def replay(
    item_ids: Annotated[
        list[int] | None, typer.Argument(help="Ids from `quarantine list`.", min=1, max=_HIGHEST_ID)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Replay all that is kept.")] = False,
) -> None:
    """Let items be tried again from the beginning; the workers take them up at once."""
    from store import quarantine as kept

    if not item_ids and not everything:
        raise stop("name the items, or use --all", 2)

    async def work(house: House) -> tuple[int, int]:
        async with house.store.read() as tx:
            wanted = [item.id for item in await kept.listing(tx)] if everything else list(item_ids or ())
        done = 0
        for item_id in track(wanted, "Replaying", console=err, transient=True):
            async with house.store.write() as tx:
                done += await kept.replay(tx, item_id, actor="command", now=house.now())
            await house.arrivals.put(item_id)
        return done, len(wanted)

    done, wanted = with_house(work)
    say(f"{done} of {wanted} will be tried again.")
    if done < wanted:
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(user, name="user")
    app.add_typer(database, name="db")
    app.add_typer(quarantine, name="quarantine")
