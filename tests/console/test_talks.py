"""Conversations in the console: who is listed, who may see what, taking over, writing, and what goes out live."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientResponse
from sqlalchemy import select

from console.case_page import REASONS
from store import schema, users
from store.live import Hint
from tests.console.conftest import Running
from tests.console.example_house import CANARY
from tests.console.example_talks import LINK, MARKUP

TALKS = "/console/conversations"


def talk(running: Running, key: str) -> str:
    return f"{TALKS}/{running.house.talks[key]}"


async def acts(running: Running, act: str) -> list[dict[str, Any]]:
    async with running.house.store.read() as tx:
        rows = await tx.conn.execute(select(schema.audit).where(schema.audit.c.act == act).order_by(schema.audit.c.id))
        return [{"actor": row.actor, "case": row.case_id, **row.detail} for row in rows]


async def row_of(running: Running, key: str) -> Any:
    async with running.house.store.read() as tx:
        query = select(schema.conversations).where(schema.conversations.c.id == running.house.talks[key])
        return (await tx.conn.execute(query)).one()


async def events(answer: ClientResponse, *wanted: str) -> dict[str, Any]:
    """What a stream says until each of these has come."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(5):
        while not set(wanted) <= found.keys():
            block = (await answer.content.readuntil(b"\n\n")).decode()
            lines = dict(line.split(": ", 1) for line in block.strip().splitlines() if ": " in line)
            if "event" in lines:
                found[lines["event"]] = json.loads(lines["data"])
    return found


async def test_who_waits_comes_first_in_distress_before_the_others(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get(TALKS)
    order = ["Waiting for a person", "mijn huur", "Nadia Benali", "With a colleague", "Priya Nair", "With the robot"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "waits 6 min" in page
    # Tom has it, and has not answered yet.
    assert "waits 24 min" in page
    assert running.house.references["week"] in page
    assert "2 wait" in await tom.get("/console/")


async def test_an_empty_list_says_what_to_do(running: Running) -> None:
    async with running.house.store.write() as tx:
        await tx.conn.execute(schema.conversations.update().values(stage="ended"))
    tom = await running.sign_in("tom")
    page = await tom.get(TALKS)
    assert "Nobody is in a conversation right now." in page
    assert "Meanwhile:" in page


@pytest.mark.parametrize(
    ("stored", "who"),
    [
        (b'{"dialogue":{"step":"ask.wish"},"sealed":false}', ("tom", "anne")),
        # Whether it was about a medical matter is in what cannot be read.
        (b'{"dialogue":', ("anne",)),
        (b"[]", ("anne",)),
    ],
)
async def test_one_that_cannot_be_read_keeps_no_other_from_being_shown(
    running: Running, stored: bytes, who: tuple[str, ...]
) -> None:
    broken = running.house.talks["waiting"]
    async with running.house.store.write() as tx:
        table = schema.conversations
        await tx.conn.execute(table.update().where(table.c.id == broken).values(state=stored))
    unreadable = "What the robot had noted cannot be read."
    for login in ("tom", "anne"):
        browser = await running.sign_in(login)
        page = await browser.get(TALKS)
        assert "mijn huur" in page
        assert (unreadable in page) == (login in who)
        await browser.get("/console/")
        if login in who:
            page = await browser.get(talk(running, "waiting"))
            assert unreadable in page
            assert f"{talk(running, 'waiting')}/take" not in page
            assert (await browser.send(f"{talk(running, 'waiting')}/take", had="")).status == 404


@pytest.mark.parametrize("login", ["tom", "luc", "rik", "fatima"])
async def test_a_medical_one_is_absent_for_who_may_not_open_sealed_cases(running: Running, login: str) -> None:
    browser = await running.sign_in(login)
    path = talk(running, "sealed")
    assert CANARY not in await browser.get(TALKS)
    assert "2 wait" in browser.page
    missing = await browser.get(path, status=404)
    assert missing == (await browser.get(f"{TALKS}/99999", status=404))
    assert (await browser.client.get(f"{path}/events")).status == 404
    first = await events(await browser.client.get(f"{TALKS}/events"), "list")
    assert first["list"]["waiting"] == 2
    assert CANARY not in first["list"]["html"]
    for act in ("take", "say", "back", "typing", "seen"):
        answer = await browser.send(f"{path}/{act}", text="x")
        assert answer.status in (403, 404), act
    assert (await row_of(running, "sealed")).stage == "waiting"


async def test_the_medical_team_sees_it_marked(running: Running) -> None:
    anne = await running.sign_in("anne")
    page = await anne.get(TALKS)
    assert CANARY in page
    assert "3 wait" in page
    assert "sealed" in await anne.get(talk(running, "sealed"))
    assert CANARY in anne.page
    # Nothing medical in the title, which windows and histories show.
    assert CANARY not in anne.page.partition("</title>")[0]


async def test_one_of_a_sealed_case_asks_why(running: Running) -> None:
    async with running.house.store.write() as tx:
        await tx.conn.execute(
            schema.conversations.update()
            .where(schema.conversations.c.id == running.house.talks["case"])
            .values(case_id=running.house.cases["sealed"])
        )
    anne, tom = await running.sign_in("anne"), await running.sign_in("tom")
    path = talk(running, "case")
    await tom.get(path, status=404)
    page = await anne.get(path, status=403)
    assert "Why do you open this sealed case?" in page
    assert (await anne.client.get(f"{path}/events")).status == 404
    await anne.post(f"{running.case('sealed')}/open", reason=REASONS[0])
    assert "du nouveau" in await anne.get(path)


async def test_whoever_looks_is_in_the_audit(running: Running) -> None:
    rik = await running.sign_in("rik")
    page = await rik.get(talk(running, "waiting"))
    assert "You can read along." in page
    assert 'name="text"' not in page
    await rik.get(talk(running, "waiting"))
    talk_id, actor = running.house.talks["waiting"], f"user:{running.house.users['rik']}"
    assert await acts(running, "conversation.viewed") == [{"actor": actor, "case": None, "conversation": talk_id}]
    running.clock.forward(minutes=6)
    await rik.get(talk(running, "waiting"))
    assert len(await acts(running, "conversation.viewed")) == 2


async def test_what_hostile_members_write_is_shown_as_text(running: Running) -> None:
    anne = await running.sign_in("anne")
    for path in (TALKS, talk(running, "markup")):
        page = await anne.get(path)
        assert "owned" in page
        assert "<b>gras</b>" not in page
        assert "document.title=&" in page
    assert LINK not in page
    assert LINK.rpartition("/")[0] in page
    stream = await events(await anne.client.get(f"{talk(running, 'markup')}/events"), "lines", "around")
    drawn = json.dumps(stream)
    assert MARKUP not in drawn
    assert "<b>" not in drawn
    assert LINK not in drawn


async def test_of_two_who_take_it_the_second_is_told(running: Running) -> None:
    anne, tom = await running.sign_in("anne"), await running.sign_in("tom")
    path = talk(running, "waiting")
    await anne.get(path)
    await tom.get(path)
    page = await anne.post(f"{path}/take", had="")
    assert "You have the conversation. The robot is silent." in page
    page = await tom.post(f"{path}/take", had="", status=409)
    assert "Anne Lemaire has this conversation meanwhile." in page
    assert (await row_of(running, "waiting")).taken_by == running.house.users["anne"]
    # Having seen who has it, he may.
    page = await tom.post(f"{path}/take", had=str(running.house.users["anne"]))
    assert "You have it" in page
    page = await anne.post(f"{path}/say", text="Zu spät", status=409)
    assert "Tom Baert has this conversation meanwhile." in page
    assert [act["actor"] for act in await acts(running, "conversation.taken")] == [
        f"user:{running.house.users[login]}" for login in ("anne", "tom")
    ]


async def test_what_the_member_wrote_meanwhile_does_not_stand_in_the_way(running: Running) -> None:
    anne = await running.sign_in("anne")
    await anne.get(talk(running, "waiting"))
    async with running.house.store.write() as tx:
        await tx.conn.execute(schema.conversations.update().values(version=schema.conversations.c.version + 1))
    await anne.post(f"{talk(running, 'waiting')}/take", had="")


async def test_a_line_goes_to_the_member_by_their_channel(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = talk(running, "tom")
    await tom.get(path)
    assert "You sign as Tom B., Mediation." in tom.page
    page = await tom.post(f"{path}/say", text="I’m looking — one moment…")
    assert "looking - one moment..." in page
    async with running.house.store.read() as tx:
        (waiting,) = [row for row in await tx.conn.execute(select(schema.outbox)) if row.key.startswith("talk-")]
    assert (waiting.channel, waiting.auto, waiting.state) == ("sms", False, "waiting")
    assert await acts(running, "conversation.said") == [
        {
            "actor": f"user:{running.house.users['tom']}",
            "case": None,
            "conversation": running.house.talks["tom"],
            "message": waiting.message_id,
        }
    ]
    page = await tom.post(f"{path}/say", text="é" * 460, status=422)
    assert "too long for this channel: 459 characters at most" in page
    assert "é" * 460 in page
    page = await tom.post(f"{path}/say", text="  ", status=422)
    assert "Write something first." in page


async def test_a_ready_text_is_put_into_the_box_without_a_script(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.post(f"{talk(running, 'tom')}/say", text="Hi", insert="1", canned="greeting")
    assert "Hi\n\nHello, this is Tom B., Mediation." in page
    assert await acts(running, "conversation.said") == []


async def test_only_the_one_who_has_it_types_and_has_read(running: Running) -> None:
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    path, live = talk(running, "tom"), running.talks.house.live
    heard: list[Hint] = []

    async def listen() -> None:
        async for hint in live.watch(running.house.talks["tom"]):
            heard.append(hint)  # noqa: PERF401 (it never ends)

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)
    assert (await anne.send(f"{path}/typing")).status == 409
    for _ in range(5):
        assert (await tom.send(f"{path}/typing")).status == 204
    async with running.house.store.read() as tx:
        query = select(schema.messages.c.id).where(
            schema.messages.c.conversation_id == running.house.talks["tom"], schema.messages.c.direction == "in"
        )
        last = max((await tx.conn.execute(query)).scalars())
    assert (await tom.send(f"{path}/seen", last="999999")).status == 204
    assert (await tom.send(f"{path}/seen", last=str(last))).status == 204
    await asyncio.sleep(0)
    listening.cancel()
    talk_id = running.house.talks["tom"]
    assert next(hint for hint in heard if hint.what == "typing") == Hint(talk_id, "typing", "Tom B., Mediation")
    assert [hint for hint in heard if hint.what == "read"] == [Hint(talk_id, "read", last=last)]


async def test_the_stream_brings_lines_and_who_has_it(running: Running) -> None:
    rik, anne = await running.sign_in("rik"), await running.sign_in("anne")
    path = talk(running, "waiting")
    stream = await rik.client.get(f"{path}/events?after=999999")
    assert stream.headers["Content-Type"] == "text/event-stream"
    assert "default-src 'none'" in stream.headers["Content-Security-Policy"]
    assert stream.headers["Cache-Control"] == "no-store"
    first = await events(stream, "around")
    assert "waits for a person" in first["around"]["head"]
    await anne.get(path)
    await anne.post(f"{path}/take", had="")
    assert "Anne Lemaire has it" in (await events(stream, "around"))["around"]["head"]
    await running.talks.house.live.tell(Hint(running.house.talks["waiting"], "typing"))
    assert (await events(stream, "typing"))["typing"] == {"name": ""}


async def test_a_line_that_nobody_has_read_yet_is_for_the_medical_team_only(running: Running) -> None:
    async with running.house.store.write() as tx:
        await tx.conn.execute(
            schema.messages.update()
            .where(
                schema.messages.c.conversation_id == running.house.talks["waiting"],
                schema.messages.c.direction == "in",
            )
            .values(inbox_id=running.house.items["kept1"])
        )
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    page = await tom.get(talk(running, "waiting"))
    assert "A message has just come in and is being read." in page
    assert "pas à une machine" not in page
    assert "pas à une machine" in await anne.get(talk(running, "waiting"))


@pytest.mark.parametrize("how", ["signed out", "shut out", "sealed"])
async def test_a_stream_ends_with_the_right_to_it(running: Running, how: str) -> None:
    tom = await running.sign_in("tom")
    talk_id = running.house.talks["waiting"]
    stream = await tom.client.get(f"{talk(running, 'waiting')}/events")
    await events(stream, "lines")
    async with running.house.store.write() as tx:
        if how == "signed out":
            await users.end_sessions_of(tx, running.house.users["tom"])
        elif how == "shut out":
            await users.disable(tx, running.house.users["tom"], actor="system", now=running.clock())
        else:
            await tx.conn.execute(
                schema.messages.update()
                .where(schema.messages.c.conversation_id == talk_id)
                .values(case_id=running.house.cases["sealed"])
            )
    await running.talks.house.live.tell(Hint(talk_id))
    assert "gone" in await events(stream, "gone")
    async with asyncio.timeout(5):
        assert await stream.content.read() == b""


async def test_of_a_persons_streams_the_oldest_ends_for_the_thirteenth(running: Running) -> None:
    """Whoever goes quickly from case to case is not told that the connection was lost."""
    tom, anne = await running.sign_in("tom"), await running.sign_in("anne")
    hers = await anne.client.get(f"{TALKS}/events")
    first, *others = [await tom.client.get(f"{TALKS}/events") for _ in range(13)]
    assert [answer.status for answer in (hers, first, *others)] == [200] * 14
    async with asyncio.timeout(20):
        await first.content.read()
    assert first.content.at_eof()
    await running.talks.house.live.tell(Hint(running.house.talks["waiting"]))
    for answer in (hers, *others):
        assert not answer.content.at_eof()


async def test_the_case_leads_to_the_conversation(running: Running) -> None:
    anne = await running.sign_in("anne")
    page = await anne.get(running.case("week"))
    assert f'href="{talk(running, "case")}"' in page
    assert "Answer in the conversation" in page
    assert "Robot, in the conversation" in page
    assert "from Lucie Martin" in page
    assert LINK not in page
    async with running.house.store.write() as tx:
        await tx.conn.execute(schema.conversations.update().values(stage="ended"))
    assert "Answer in the conversation" not in await anne.get(running.case("week"))
    page = await anne.get(talk(running, "case"))
    assert "This conversation has ended." in page
    assert 'name="text"' not in page


async def test_a_sign_in_leads_back_to_the_conversation(running: Running) -> None:
    client = running.client()
    answer = await client.get(talk(running, "waiting"))
    page = await answer.text()
    assert f'value="{talk(running, "waiting")}"' in page
