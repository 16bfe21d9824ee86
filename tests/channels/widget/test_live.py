"""The chat over sockets: who may connect, what a key opens, what is kept once, and who is sent away (rules W2 to W5)."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from channels.message import Choice
from channels.widget.contract import Hint
from channels.widget.live import BARRED, ELSEWHERE, FOREIGN, STRANGER
from channels.widget.site import WidgetLimits
from tests.channels.widget.doors import MemoryChatDoor
from tests.channels.widget.running import HOST, Running, StartWidget, close_code, receive, until

OTHER = "https://my.mutual.example"


def message(client_id: str, text: str = "My refund has not come.", **more: Any) -> dict[str, Any]:
    return {"t": "say", "id": client_id, "text": text, **more}


@pytest.mark.parametrize(
    "origin",
    ["", "null", HOST, "https://evil.example", "{own}.evil.example", "{own}0", "{own}/", "https://127.0.0.1", "{OWN}"],
)
async def test_another_origin_than_our_own_is_refused(widget: Running, origin: str) -> None:
    given = origin.replace("{own}", widget.base_url).replace("{OWN}", widget.base_url.upper())
    with pytest.raises(WSServerHandshakeError) as refused:
        await widget.socket(Origin=given)
    assert refused.value.status == 403


async def test_no_origin_at_all_is_refused(widget: Running) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await widget.client.ws_connect(f"{widget.base_url}/widget/socket")
    assert refused.value.status == 403


async def test_a_message_is_kept_before_it_is_answered_and_comes_back_as_a_line(widget: Running) -> None:
    widget.door.answers["My refund has not come."] = ("When did you send it?", (Choice("recent", "This month"),))
    socket, _ = await widget.begun()
    await socket.send_json(message("one"))
    assert (await until(socket, "kept"))["client"] == "one"
    assert widget.door.said == [("c1", "My refund has not come.", "")]
    lines: list[dict[str, Any]] = []
    while len(lines) < 2:
        lines += (await until(socket, "shown"))["lines"]
    assert [(line["id"], line["who"], line["text"]) for line in lines] == [
        (1, "you", "My refund has not come."),
        (2, "bot", "When did you send it?"),
    ]
    assert (lines[0]["client"], lines[0]["sign"]) == ("one", "kept")
    assert lines[1]["choices"] == [{"id": "recent", "label": "This month"}]


async def test_nothing_is_begun_by_connecting(widget: Running) -> None:
    await widget.talk()
    assert widget.door.begun == 0


async def test_the_same_message_again_is_one_message(widget: Running) -> None:
    socket, key = await widget.begun()
    for _ in range(3):
        await socket.send_json(message("one"))
        assert (await until(socket, "kept"))["id"] == 1
    other = await widget.talk(key)
    await other.send_json(message("one", "Other words."))
    assert (await until(other, "kept"))["id"] == 1
    assert [text for _, text, _ in widget.door.said] == ["My refund has not come."]


async def test_who_comes_back_gets_what_they_do_not_have_and_after_a_restart_too(widget: Running) -> None:
    socket, key = await widget.begun()
    await socket.send_json(message("one"))
    await until(socket, "kept")
    await widget.stop()
    assert await close_code(socket) == 1012
    widget.door.person("I am looking at it.")
    await widget.start()
    again = await widget.talk(key, last=2)
    assert [line["text"] for line in (await until(again, "shown"))["lines"]] == ["I am looking at it."]
    whole = await widget.talk(key)
    assert [line["id"] for line in (await until(whole, "shown"))["lines"]] == [1, 2, 3]


async def test_when_every_second_hint_is_lost_no_line_is(start_widget: StartWidget) -> None:
    running = await start_widget(door=MemoryChatDoor(deaf=True, silent=True))
    socket, _ = await running.begun()
    for number in range(7):
        running.door.person(f"line {number}")
    got: list[str] = []
    await socket.send_json({"t": "ping"})
    while len(got) < 7:
        got += [line["text"] for line in (await until(socket, "shown"))["lines"]]
    assert got == [f"line {number}" for number in range(7)]


async def test_hints_of_typing_and_reading_are_passed_on(widget: Running) -> None:
    socket, _ = await widget.begun()
    await socket.send_json(message("one"))
    await until(socket, "shown")
    widget.door.hint(Hint("typing", name="Anne L."))
    assert await until(socket, "typing") == {"t": "typing", "name": "Anne L."}
    widget.door.hint(Hint("read", last=1))
    assert await until(socket, "read") == {"t": "read", "last": 1}
    await socket.send_json({"t": "typing"})
    await socket.send_json({"t": "ping"})
    await until(socket, "pong")
    assert widget.door.typed == ["c1"]


@pytest.mark.parametrize("key", ["x" * 43, "c1", "é" * 20, "0" * 64])
async def test_a_key_that_opens_nothing_ends_the_socket(widget: Running, key: str) -> None:
    await widget.begun()
    socket = await widget.socket()
    await socket.send_json({"t": "hello", "key": key, "origin": HOST, "last": 0})
    assert await close_code(socket) == STRANGER


async def test_a_key_is_good_on_the_page_that_it_was_given_on(start_widget: StartWidget) -> None:
    running = await start_widget(hosts=(HOST, OTHER))
    _, key = await running.begun()
    socket = await running.socket()
    await socket.send_json({"t": "hello", "key": key, "origin": OTHER, "last": 0})
    assert await close_code(socket) == STRANGER
    assert (await running.post("poll", {"key": key, "origin": OTHER, "last": 0, "wait": False}))[0] == 403
    assert (await running.post("poll", {"key": key, "origin": HOST, "last": 0, "wait": False}))[0] == 200


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", f"{HOST}.evil.example", HOST.upper()])
async def test_a_page_that_is_not_listed_gets_no_chat(widget: Running, origin: str) -> None:
    socket = await widget.socket()
    await socket.send_json({"t": "hello", "key": "", "origin": origin, "last": 0})
    assert await close_code(socket) == FOREIGN
    assert (await widget.post("begin", {"origin": origin, "lang": "fr"}))[0] == 403
    assert widget.door.begun == 0


async def test_two_conversations_never_meet_whatever_ids_are_swapped(widget: Running) -> None:
    mine, my_key = await widget.begun()
    theirs, their_key = await widget.begun()
    await mine.send_json(message("same", "my secret"))
    await theirs.send_json(message("same", "their secret"))
    assert (await until(mine, "kept"))["id"] == (await until(theirs, "kept"))["id"] == 1
    assert [(name, text) for name, text, _ in widget.door.said] == [("c1", "my secret"), ("c2", "their secret")]
    # Conversations, ids and keys of others beside one's own key change nothing.
    for more in ({"conversation": "c2"}, {"key": their_key}, {"who": "person"}, {"last": 0}):
        await mine.send_json(message(f"more-{len(more)}-{next(iter(more))}", "again mine", **more))
        await until(mine, "kept")
    assert not any("again" in line.text for line in widget.door.told["c2"].lines)
    for key, secret in ((my_key, "my secret"), (their_key, "their secret")):
        _, content = await widget.post("poll", {"key": key, "origin": HOST, "last": 0, "conversation": "c1"})
        words = json.dumps(content)
        assert secret in words
        assert ("my secret" in words) != ("their secret" in words)


async def test_a_key_that_was_ended_keeps_nothing_more_on_an_open_socket(widget: Running) -> None:
    socket, _ = await widget.begun()
    widget.door.keys.clear()
    await socket.send_json(message("one"))
    assert await close_code(socket) == STRANGER
    assert widget.door.said == []


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "hello",
        "[]",
        "null",
        "{",
        '{"t": "hello", "key": 1}',
        '{"t": "hello", "last": -1, "origin": ""}',
        '{"t": "hello", "last": true}',
        '{"t": "hello", "last": 1e400}',
        '{"t": "say", "id": "one", "text": "before hello"}',
        '{"t": "hello", "key": "' + "k" * 65 + '"}',
        '{"t":' * 9 + "1" + "}" * 9,
        "[" * 8000,
    ],
)
async def test_what_is_no_frame_of_ours_ends_the_socket(widget: Running, frame: str) -> None:
    socket = await widget.socket()
    await socket.send_str(frame)
    assert await close_code(socket) == 1008


@pytest.mark.parametrize(
    "frame",
    [
        {"t": "say", "id": "", "text": "x"},
        {"t": "say", "id": "a b", "text": "x"},
        {"t": "say", "id": "x" * 65, "text": "x"},
        {"t": "say", "id": "x", "text": ["x"]},
        {"t": "say", "id": "x", "text": "x", "choice": "<b>"},
        {"t": "say", "id": "x", "text": "x", "files": "x"},
        {"t": "say", "id": "x", "text": "x", "files": [1]},
        {"t": "begin", "lang": "fr"},
        {"t": "shown", "lines": []},
        {"t": None},
    ],
)
async def test_a_frame_with_wrong_fields_ends_the_socket_and_keeps_nothing(
    widget: Running, frame: dict[str, Any]
) -> None:
    socket, _ = await widget.begun()
    await socket.send_json(frame)
    assert await close_code(socket) == 1008
    assert widget.door.said == []


async def test_bytes_end_the_socket(widget: Running) -> None:
    socket, _ = await widget.begun()
    await socket.send_bytes(b"\x00" * 100)
    assert await close_code(socket) == 1008


@pytest.mark.parametrize("size", [8 * 1024 + 1, 1024 * 1024])
async def test_a_frame_over_eight_kib_ends_the_socket(widget: Running, size: int) -> None:
    socket, _ = await widget.begun()
    await socket.send_str("x" * size)
    assert await close_code(socket) == 1009
    assert widget.door.said == []


async def test_compression_is_not_taken(widget: Running) -> None:
    socket = await widget.client.ws_connect(
        f"{widget.base_url}/widget/socket", headers={"Origin": widget.base_url}, compress=15
    )
    assert not socket.compress
    await socket.close()


async def test_twenty_messages_a_minute_and_the_next_is_told_to_wait(widget: Running) -> None:
    socket, _ = await widget.begun()
    for number in range(21):
        await socket.send_json(message(f"m{number}"))
    refused = await until(socket, "refused")
    assert refused["client"] == "m20"
    assert refused["why"] == "busy"
    assert 1 <= refused["wait"] <= 60
    assert len(widget.door.said) == 20
    # Whoever asks for one that is kept already is counted too: a resend costs what a message costs.
    await socket.send_json(message("m0"))
    assert (await until(socket, "refused"))["client"] == "m0"


async def test_a_hundred_frames_a_second_end_the_socket_and_others_notice_nothing(start_widget: StartWidget) -> None:
    running = await start_widget(limits=WidgetLimits(frames_a_minute=100))
    calm, _ = await running.begun()
    wild, _ = await running.begun()
    took: list[float] = []

    async def flood() -> None:
        for _ in range(1000):
            if wild.closed:
                return
            await wild.send_json({"t": "ping"})

    flooding = asyncio.create_task(flood())
    for number in range(15):
        before = time.monotonic()
        await calm.send_json(message(f"m{number}"))
        await until(calm, "kept")
        took.append(time.monotonic() - before)
    await asyncio.gather(flooding, return_exceptions=True)
    # By what it sent, or because it did not read the answers as fast.
    assert await close_code(wild) in {BARRED, 1013}
    assert sorted(took)[13] < 0.3


async def test_the_sixth_socket_of_a_conversation_sends_the_oldest_away(widget: Running) -> None:
    first, key = await widget.begun()
    others = [await widget.talk(key) for _ in range(5)]
    assert await close_code(first) == ELSEWHERE
    for socket in others:
        await socket.send_json({"t": "ping"})
        await until(socket, "pong")


async def test_an_address_holds_so_many_sockets_and_one_that_leaves_makes_room(start_widget: StartWidget) -> None:
    running = await start_widget(limits=WidgetLimits(sockets_an_address=3))
    sockets = [await running.socket() for _ in range(3)]
    with pytest.raises(WSServerHandshakeError) as refused:
        await running.socket()
    assert refused.value.status == 429
    await sockets[0].close()
    await asyncio.sleep(0.1)
    await running.talk()


async def test_who_does_not_read_is_closed_and_the_house_keeps_little(start_widget: StartWidget) -> None:
    running = await start_widget(door=MemoryChatDoor(silent=True), limits=WidgetLimits(waiting=4))
    socket, _ = await running.begun()
    transport = socket._response.connection.transport  # type: ignore[union-attr]
    transport.pause_reading()  # type: ignore[union-attr]
    # The kernel takes some megabytes before the row grows.
    for _ in range(200):
        running.door.person("x" * 200_000)
        await asyncio.sleep(0)
    await asyncio.sleep(3)
    assert running.door.watching == 0


async def test_a_socket_that_says_nothing_is_closed(start_widget: StartWidget) -> None:
    running = await start_widget(limits=WidgetLimits(stall=0.1))
    assert await close_code(await running.socket()) == 1008


async def test_keys_cannot_be_tried_one_after_the_other(widget: Running) -> None:
    codes = []
    for number in range(32):
        socket = await widget.socket()
        await socket.send_json({"t": "hello", "key": f"key{number}", "origin": HOST, "last": 0})
        codes.append(await close_code(socket))
    assert codes == [STRANGER] * 30 + [BARRED] * 2


async def test_when_nothing_can_be_kept_the_client_is_told_to_keep_it(widget: Running) -> None:
    socket, _ = await widget.begun()
    widget.door.full = True
    await socket.send_json(message("one"))
    refused = await until(socket, "refused")
    assert (refused["why"], refused["client"]) == ("store", "one")
    widget.door.full = False
    await socket.send_json(message("one"))
    assert (await until(socket, "kept"))["id"] == 1
    widget.door.full = True
    fresh = await widget.talk()
    await fresh.send_json({"t": "begin", "lang": "fr"})
    assert (await until(fresh, "refused"))["why"] == "store"


@pytest.mark.parametrize(("text", "why"), [("", "empty"), (" \n\x00 ", "empty")])
async def test_an_empty_message_is_told_so(widget: Running, text: str, why: str) -> None:
    socket, _ = await widget.begun()
    await socket.send_json(message("one", text))
    assert (await until(socket, "refused"))["why"] == why


async def test_nobody_watches_when_all_sockets_are_gone(widget: Running) -> None:
    sockets = [(await widget.begun())[0] for _ in range(3)]
    await sockets[0].send_json({"t": "ping"})
    await until(sockets[0], "pong")
    for socket in sockets:
        await socket.close()
    await asyncio.sleep(0.2)
    assert widget.door.watching == 0


async def test_text_comes_out_as_it_was_typed(widget: Running) -> None:
    text = '<script>alert(1)</script> {{ 7*7 }} {name} "quoted" \\ é€😀'
    socket, _ = await widget.begun()
    await socket.send_json(message("one", text))
    shown = await until(socket, "shown")
    assert shown["lines"][0]["text"] == text


async def test_the_house_that_fails_sends_the_client_back_in_a_moment(widget: Running, caplog: Any) -> None:
    socket, _ = await widget.begun()

    async def broken(*_: Any) -> Any:
        raise RuntimeError("my secret")

    widget.door.say = broken  # type: ignore[method-assign]
    await socket.send_json(message("one"))
    assert await close_code(socket) == 1013
    assert "my secret" not in caplog.text


async def test_a_closed_socket_says_why_as_a_close_frame(widget: Running) -> None:
    socket = await widget.socket()
    await socket.send_str("no")
    assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE
    assert await receive_nothing(socket)


async def receive_nothing(socket: Any) -> bool:
    """Nothing follows a close frame."""
    return (await socket.receive(timeout=5)).type in (WSMsgType.CLOSED, WSMsgType.CLOSING)


async def test_a_conversation_is_shown_whole_even_when_it_is_long(start_widget: StartWidget) -> None:
    running = await start_widget(door=MemoryChatDoor(silent=True))
    _, key = await running.begun()
    for number in range(500):
        running.door.person(f"line {number}")
    socket = await running.talk(key)
    lines: list[Any] = []
    while len(lines) < 500:
        lines += (await receive(socket))["lines"]
    assert [line["id"] for line in lines] == list(range(1, 501))
