"""The states of the house in which the forms stand that a walk through it does not meet: something rests, waits, runs or was just
done, or somebody is half-way in. Each is made as people make it, and gives the page on which its form stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select

from console.door_contract import OpenDoor
from gateway.versions import About, Versions
from router.ruleset import parse_rules
from store import people, rehearsals, rule_drafts, rule_sets
from store.schema import contacts
from tests.console.conftest import Browser, Running, hidden
from tests.console.example_house import PASSWORD
from tests.console.soft_passkey import SoftPasskey
from tests.console.test_passkeys import add_key
from tests.console.test_people import first_password
from tests.console.test_second_step import half_way, set_up

Place = tuple[Browser, str]


async def on_its_way(running: Running) -> Place:
    """An answer that can be taken back."""
    tom = await running.sign_in("tom")
    await tom.get(running.case("soon"))
    await tom.post(f"{running.case('soon')}/reply", text="Beste Jan Peeters,\r\n\r\nWe kijken het na.")
    return tom, running.case("soon")


async def resting(running: Running) -> Place:
    """A case that rests."""
    tom = await running.sign_in("tom")
    await tom.get(running.case("long"))
    await tom.post(f"{running.case('long')}/pause", reason="member", until="2026-12-03")
    return tom, running.case("long")


async def linked(running: Running) -> Place:
    """Two cases that have to do with each other."""
    tom = await running.sign_in("tom")
    await tom.get(running.case("soon"))
    await tom.post(f"{running.case('soon')}/link", **{"with": running.house.references["long"]})
    return tom, running.case("soon")


async def unreachable(running: Running) -> Place:
    """A member whose address takes nothing any more."""
    async with running.house.store.write() as tx:
        query = select(contacts.c.id).where(contacts.c.address == "pieter@mail.exmple")
        await people.not_reachable(tx, (await tx.conn.execute(query)).scalar_one())
    return await running.sign_in("tom"), running.case("broken")


async def to_merge(running: Running) -> Place:
    """Two cases side by side, which may become one."""
    return await running.sign_in("tom"), f"{running.case('phone')}/merge?with={running.house.references['unsure']}"


async def sealed(running: Running) -> Place:
    """A sealed case, for somebody who has not said yet why they open it."""
    return await running.sign_in("sofie"), running.case("sealed")


async def taken_from_a_list(running: Running) -> Place:
    """Cases on which something was done from a list."""
    tom = await running.sign_in("tom")
    page = await tom.get("/console/")
    pick = f"pick-{running.house.references['urgent']}"
    answer = await tom.send("/console/lists/act", act="take", back="/console/", **{pick: hidden(page, pick)})
    return tom, answer.url.path_qs


async def mentioned(running: Running) -> Place:
    """Somebody whom colleagues named in two notes."""
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    for key in ("soon", "long"):
        await tom.get(running.case(key))
        await tom.post(f"{running.case(key)}/note", text="@Luc Simon ?")
    return luc, "/console/mentions"


async def shut_out(running: Running) -> Place:
    """A colleague who is shut out."""
    admin, rik = await running.sign_in("admin"), f"/console/people/{running.house.users['rik']}"
    await admin.get(rik)
    await admin.post(f"{rik}/disable")
    return admin, rik


async def set_aside(running: Running) -> Place:
    """What lay in quarantine and is no message."""
    sofie = await running.sign_in("sofie")
    item = running.house.items["kept1"]
    await sofie.get(f"/console/quarantine/{item}")
    await sofie.post(f"/console/quarantine/{item}/aside", reason="advertising")
    return sofie, "/console/quarantine"


async def wanted_back(running: Running) -> Place:
    """Rules that another supervisor wants back."""
    return await running.sign_in("sofie"), "/console/rules/version/1"


async def to_read(running: Running) -> Place:
    """New rules of which another supervisor says that they are ready."""
    now, luc = running.clock(), running.house.users["luc"]
    async with running.house.store.write() as tx:
        draft = await rule_drafts.current(tx)
        if draft is None:
            live = await rule_sets.active(tx)
            assert live is not None
            body = parse_rules(live.body).model_dump_json()
            await rule_drafts.begin(tx, base=live.version, body=body, user_id=luc, now=now)
        version = draft.version if draft else 1
        await rule_drafts.propose(tx, version=version, user_id=luc, comment="Clearer", harm="", now=now)
    return await running.sign_in("sofie"), "/console/rules/draft"


async def rehearsing(running: Running) -> Place:
    """A rehearsal that runs."""
    sofie, now = await running.sign_in("sofie"), running.clock()
    async with running.house.store.write() as tx:
        live = await rule_sets.active(tx)
        assert live is not None
        await rehearsals.begin(
            tx,
            base=live.version,
            body=parse_rules(live.body).model_dump_json(),
            days=90,
            until=now,
            total=9,
            user_id=running.house.users["sofie"],
            now=now,
        )
    return sofie, "/console/rules/rehearsal"


async def taught(running: Running) -> Place:
    """A classifier that was taught: another version than the one that reads."""
    versions = Versions(running.talks.house.settings.data / "models")
    told = About("guichet-1-0123abcd", "2026-11-20T10:00:00+00:00", "Luc", 40, 10, "shipped", [], ())
    made = versions.begin()
    versions.settle(made, told)
    versions.keep(made, told.id)
    return await running.sign_in("sofie"), "/console/quality"


async def to_approve(running: Running) -> Place:
    """A month that is over, and was written about."""
    running.clock.now = datetime(2026, 12, 2, 9, 30, tzinfo=UTC)
    return await running.sign_in("sofie"), "/console/report?month=2026-11"


async def to_try(running: Running) -> Place:
    """A text that can be sent to who writes it."""
    running.looks.open = [OpenDoor("sms", "+3225550122", "+32470001199")]
    return await running.sign_in("luc"), "/console/texts/compliment"


async def kept_list(running: Running) -> Place:
    """A list that was given a name."""
    return await running.sign_in("sofie"), "/console/queue/mediation?show=unassigned"


async def talking(running: Running) -> Place:
    """A conversation that somebody has in hand."""
    return await running.sign_in("tom"), f"/console/conversations/{running.house.talks['tom']}"


async def two_steps(running: Running) -> Place:
    """Somebody with a second step and a passkey."""
    anne = await running.sign_in("anne")
    await set_up(running, anne)
    await add_key(anne, SoftPasskey(running.base_url))
    return anne, "/console/me"


async def at_the_code(running: Running) -> Place:
    """Somebody whose password was right, and who is asked for a code."""
    await set_up(running, await running.sign_in("fatima"))
    half = await half_way(running, "fatima")
    return Browser(half.client, hidden(half.page, "csrf"), half.page), "/console/sign-in/code"


async def with_a_first_password(running: Running) -> Place:
    """Somebody who was given a password, and chooses one of their own."""
    admin, client = await running.sign_in("admin"), running.client()
    page = await admin.post(f"/console/people/{running.house.users['nele']}/password")
    sign_in = await (await client.get("/console/sign-in")).text()
    fields = {"csrf": hidden(sign_in, "csrf"), "login": "nele", "password": first_password(page)}
    page = await (await client.post("/console/sign-in", data=fields)).text()
    return Browser(client, hidden(page, "csrf"), page), "/console/sign-in/password"


async def asked_for_proof(running: Running) -> Place:
    """Somebody who wants to take a file out of the house, long after they gave their password."""
    tom = await running.sign_in("tom")
    running.clock.forward(minutes=6)
    return tom, f"{running.case('soon')}/paper/file"


async def must_set_up(running: Running) -> Place:
    """Somebody who must have a second step: of a house that wants one of everybody."""
    client = running.client()
    page = await (await client.get("/console/sign-in")).text()
    fields = {"csrf": hidden(page, "csrf"), "login": "tom", "password": PASSWORD}
    page = await (await client.post("/console/sign-in", data=fields)).text()
    return Browser(client, hidden(page, "csrf"), page), "/console/sign-in/second-step"


STATES: Final[tuple[Callable[[Running], Awaitable[Place]], ...]] = (
    *(on_its_way, resting, linked, unreachable, to_merge, sealed, taken_from_a_list, mentioned, shut_out, set_aside),
    *(wanted_back, to_read, rehearsing, taught, to_try, kept_list, talking, two_steps, at_the_code),
    *(with_a_first_password, asked_for_proof, to_approve),
)
# What only scripts send, and the two forms that stand beside an answer which did not arrive and a change of address: who, where,
# and the fields beside the token.
BY_SCRIPT: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("tom", "/console/session", ()),
    ("tom", "/console/case/{reference}/again", ("version", "message")),
    ("tom", "/console/case/{reference}/contact-undo", ("version", "change", "contact")),
    ("tom", "/console/conversations/{tom}/typing", ("text",)),
    ("tom", "/console/conversations/{tom}/seen", ("last",)),
    ("tom", "/console/passkey", ("passkey",)),
    ("tom", "/console/me/passkeys/ask", ("passkey",)),
    ("luc", "/console/me/passkeys", ("name", "made")),
    ("tom", "/console/sign-in/passkey", ("passkey", "next")),
    ("fatima", "/console/entry/abc/typed", ("text", "name", "email", "channel", "language", "number")),
)
