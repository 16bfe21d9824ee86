"""People and access: who works here, as what, for which queues, and who may read health data (rule G1).

Administrators change it; supervisors read it. Whoever changes something gives their password again (rule S10), and nobody
changes their own access: two people stand for that.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, get_args

from aiohttp import web

from config.vocabulary import QUEUES, Role
from console import passwords
from console.proof import Proof
from console.site import Site, Who
from store import access, case_around, users
from store.database import Tx
from store.users import User, UserExistsError

ROLES: Final[tuple[Role, ...]] = get_args(Role)
# A password that somebody else made lets its owner choose one of their own, for so long.
ONCE: Final = timedelta(days=3)
# So far back the page says who opened sealed cases; the audit has it all.
LOOKS_SINCE: Final = timedelta(days=90)
_LONGEST_NAME: Final = 120
_LONGEST_NUMBER: Final = 15
# No letter or digit that is taken for another one when it is read aloud.
_SIGNS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a form says somebody may. `queues` None: all of them."""

    role: Role
    medical: bool
    queues: frozenset[str] | None

    @property
    def stamp(self) -> str:
        """How a form names the rights that it was made from."""
        queues = "all" if self.queues is None else ",".join(sorted(self.queues))
        return f"{self.role}/{'medical' if self.medical else ''}/{queues}"


class PeoplePage:
    """Handlers of `/console/people` and below."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._proof = Proof(site)

    async def show(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Everybody, and the list of those who may read health data."""
        done = request.query.get("done", "")
        async with self._site.store.read() as tx:
            everybody = await access.colleagues(tx, now=who.now)
            looks = await access.looks(tx, since=who.now - LOOKS_SINCE)
            released = await _released(tx, request.query.get("who", "")) if done in _RELEASING else {}
        # The administrator's right to medical matters would mean nothing: that role reads no case.
        health = [
            one for one in everybody if one.user.viewer.reads_cases and one.user.medical and not one.user.disabled
        ]
        return await self._site.page(
            "people.html",
            who,
            here="people",
            everybody=everybody,
            administrators=[
                one.user.name for one in everybody if one.user.role == "administrator" and not one.user.disabled
            ],
            health=health,
            looks=looks,
            looks_days=LOOKS_SINCE.days,
            done=done if done in DONE else "",
            released=released,
        )

    async def new(self, request: web.Request, who: Who) -> web.StreamResponse:
        """The form for somebody new."""
        del request
        return await self._draw_new(who, {})

    async def add(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Add somebody; their first password is shown this once."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        login, name = who.form.get("login", "").strip(), who.form.get("name", "").strip()
        rights = _rights(who.form)
        problem = _wrong_name(login, name) or ("role" if rights is None else "")
        if rights is None or problem:
            return await self._draw_new(who, who.form, problem=problem, status=422)
        password = made_up()
        hashed = await passwords.hashed(password)
        until = who.now + ONCE
        try:
            async with self._site.store.write() as tx:
                user_id = await users.add(
                    tx,
                    login=login,
                    name=name,
                    role=rights.role,
                    medical=rights.medical,
                    queues=rights.queues,
                    password=hashed,
                    once_until=until,
                    actor=who.actor,
                    now=who.now,
                )
                user = await _found(tx, user_id)
        except UserExistsError:
            return await self._draw_new(who, who.form, problem="exists", status=409)
        return await self._site.page(
            "person_password.html", who, here="people", user=user, password=password, until=until
        )

    async def open(self, request: web.Request, who: Who) -> web.StreamResponse:
        """One colleague: what they may, and what was done to their access."""
        return await self._draw(request, who)

    async def change(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Other rights; the sessions under the old ones end."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        rights = _rights(who.form)
        if rights is None:
            return await self._draw(request, who, problem="role", status=422)
        async with self._site.store.write() as tx:
            user = await self._other(tx, request, who)
            if user is None:
                problem = "self"
            elif who.form.get("was", "") != _of(user).stamp:
                problem = "stale"
            else:
                problem = ""
                if rights != _of(user):
                    await users.set_rights(
                        tx,
                        user.id,
                        role=rights.role,
                        medical=rights.medical,
                        queues=rights.queues,
                        actor=who.actor,
                        now=who.now,
                    )
        if problem:
            return await self._draw(request, who, problem=problem, status=409)
        return self._site.see_other(f"/console/people?done=rights&who={request.match_info['user']}")

    async def disable(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Shut somebody out, everywhere and at once."""
        return await self._do(request, who, users.disable, "disabled")

    async def enable(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Let somebody in again."""
        return await self._do(request, who, users.enable, "enabled")

    async def end_sessions(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Sign somebody out everywhere."""
        return await self._do(request, who, access.end_sessions, "ended")

    async def no_second_step(self, request: web.Request, who: Who) -> web.StreamResponse:
        """Take the second step from somebody who lost their telephone, and sign them out everywhere."""
        return await self._do(request, who, access.reset_second_step, "second_step")

    async def password(self, request: web.Request, who: Who) -> web.StreamResponse:
        """A new password for somebody who forgot theirs; shown this once, and good for choosing one of their own."""
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        password, until = made_up(), who.now + ONCE
        hashed = await passwords.hashed(password)
        async with self._site.store.write() as tx:
            user = await self._other(tx, request, who)
            if user is not None:
                await users.set_password(tx, user.id, hashed, actor=who.actor, now=who.now, once_until=until)
        if user is None:
            return await self._draw(request, who, problem="self", status=409)
        return await self._site.page(
            "person_password.html", who, here="people", user=user, password=password, until=until
        )

    async def _do(self, request: web.Request, who: Who, act: Any, done: str) -> web.StreamResponse:
        if (asked := await self._proof.wanted(request, who)) is not None:
            return asked
        async with self._site.store.write() as tx:
            user = await self._other(tx, request, who)
            if user is not None:
                await act(tx, user.id, actor=who.actor, now=who.now)
        if user is None:
            return await self._draw(request, who, problem="self", status=409)
        return self._site.see_other(f"/console/people?done={done}&who={user.id}")

    async def _other(self, tx: Tx, request: web.Request, who: Who) -> User | None:
        """The colleague of the address, None when it is oneself. Raises HTTPNotFound."""
        user = await _found(tx, int(request.match_info["user"]))
        return None if user.id == who.viewer.user_id else user

    async def _draw(self, request: web.Request, who: Who, *, problem: str = "", status: int = 200) -> web.Response:
        async with self._site.store.read() as tx:
            user = await _found(tx, int(request.match_info["user"]))
            changes = await access.changes(tx, user.id)
            names = await case_around.names(tx)
        # What was ticked stands there again, unless somebody else changed it meanwhile: then what holds now does.
        typed = _rights(who.form) if problem and problem != "stale" else None
        return await self._site.page(
            "person.html",
            who,
            status=status,
            here="people",
            user=user,
            rights=typed or _of(user),
            was=_of(user).stamp,
            problem=problem,
            changes=changes,
            names=names,
            roles=ROLES,
            queues=QUEUES,
        )

    async def _draw_new(
        self, who: Who, form: Mapping[str, str], *, problem: str = "", status: int = 200
    ) -> web.Response:
        return await self._site.page(
            "person_new.html",
            who,
            status=status,
            here="people",
            form=form,
            rights=_rights(form) or Rights("mediator", medical=False, queues=None),
            problem=problem,
            roles=ROLES,
            queues=QUEUES,
        )


# What the list may say was just done.
DONE: Final = frozenset({"rights", "disabled", "enabled", "ended", "second_step"})
# What of it may take cases out of somebody's hands.
_RELEASING: Final = frozenset({"rights", "disabled"})


def made_up() -> str:
    """A password of 98 random bits in five groups, to be read aloud or typed once."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(5))


def _of(user: User) -> Rights:
    return Rights(user.role, user.medical, user.queues)


def _rights(form: Mapping[str, str]) -> Rights | None:
    """What a form ticks; None without a role of ours. Who reads no case has no right to medical matters."""
    role = form.get("role", "")
    if role not in ROLES:
        return None
    some = frozenset(queue for queue in QUEUES if f"queue-{queue}" in form)
    rights = Rights(role, "medical" in form, None if form.get("queues") == "all" else some)
    return replace(rights, medical=False) if role == "administrator" else rights


def _wrong_name(login: str, name: str) -> str:
    if not login or not name:
        return "empty"
    return "long" if max(len(login), len(name)) > _LONGEST_NAME else ""


async def _released(tx: Tx, user: str) -> Mapping[str, int]:
    """How many cases left somebody's hands by what was last done to their access, by queue."""
    if not user.isascii() or not user.isdigit() or len(user) > _LONGEST_NUMBER:
        return {}
    last = await access.changes(tx, int(user), limit=1)
    return last[0].detail.get("released", {}) if last else {}


async def _found(tx: Tx, user_id: int) -> User:
    user = await users.by_id(tx, user_id)
    if user is None:
        raise web.HTTPNotFound
    return user
