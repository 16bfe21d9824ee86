"""The chat by plain requests, and its files: the same promises where no socket gets through."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from aiohttp import FormData

from channels.form.fields import MAX_TEXT
from channels.widget.site import WidgetLimits
from tests.channels.widget.running import HOST, Running, StartWidget

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"


async def begun(running: Running) -> str:
    status, content = await running.post("begin", {"origin": HOST, "lang": "nl"})
    assert status == 200
    return str(content["key"])


async def say(running: Running, key: str, client_id: str, text: str, **more: Any) -> tuple[int, Any]:
    return await running.post("say", {"key": key, "origin": HOST, "id": client_id, "text": text, **more})


async def poll(running: Running, key: str, last: int = 0, **more: Any) -> tuple[int, Any]:
    return await running.post("poll", {"key": key, "origin": HOST, "last": last, **more})


async def upload(
    running: Running,
    key: str,
    name: str = "letter.pdf",
    content: bytes = PDF,
    kept: str = "",
    origin: str = "",
    action: str = "",
    token: str = "",
) -> tuple[int, Any]:
    form = FormData()
    for field, value in (("key", key), ("origin", HOST), ("kept", kept), ("token", token)):
        form.add_field(field, value)
    if not action:
        form.add_field("file", io.BytesIO(content), filename=name, content_type="application/octet-stream")
    url = f"{running.base_url}/widget/files/en{action}"
    async with running.client.post(url, data=form, headers={"Origin": origin or running.base_url}) as answer:
        return answer.status, await answer.json() if answer.content_type == "application/json" else None


async def test_a_conversation_by_plain_requests(widget: Running) -> None:
    key = await begun(widget)
    assert await say(widget, key, "one", "Goeiedag") == (200, {"t": "kept", "client": "one", "id": 1})
    assert (await say(widget, key, "one", "Goeiedag"))[1]["id"] == 1
    status, content = await poll(widget, key)
    assert status == 200
    assert [line["text"] for line in content["lines"]] == ["Goeiedag", "You said: Goeiedag"]
    assert (await poll(widget, key, last=2, wait=False))[1] == {"t": "shown", "lines": []}
    assert widget.door.begun == 1


async def test_a_poll_waits_and_answers_when_something_is_said(widget: Running) -> None:
    key = await begun(widget)
    waiting = asyncio.create_task(poll(widget, key))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    widget.door.person("Here I am.")
    _, content = await asyncio.wait_for(waiting, 3)
    assert [line["text"] for line in content["lines"]] == ["Here I am."]
    await asyncio.sleep(0.1)
    assert widget.door.watching == 0


async def test_a_poll_ends_by_itself_with_nothing(start_widget: StartWidget) -> None:
    running = await start_widget(limits=WidgetLimits(poll=0.2))
    key = await begun(running)
    assert await poll(running, key) == (200, {"t": "shown", "lines": []})
    assert running.door.watching == 0


async def test_the_sixth_poll_sends_the_oldest_home(widget: Running) -> None:
    key = await begun(widget)
    polls = []
    for _ in range(6):
        polls.append(asyncio.create_task(poll(widget, key)))
        await asyncio.sleep(0.05)
    assert (await asyncio.wait_for(polls[0], 2))[1] == {"t": "shown", "lines": []}
    assert not any(one.done() for one in polls[1:])
    widget.door.person("All of you.")
    assert all(len(content["lines"]) == 1 for _, content in await asyncio.gather(*polls[1:]))


@pytest.mark.parametrize("path", ["begin", "say", "poll"])
@pytest.mark.parametrize("origin", ["null", HOST, "https://evil.example"])
async def test_only_our_own_pages_may_ask(widget: Running, path: str, origin: str) -> None:
    content = {"key": await begun(widget), "origin": HOST, "lang": "fr", "id": "x", "text": "x", "wait": False}
    assert (await widget.post(path, content, Origin=origin))[0] == 403
    assert widget.door.said == []
    assert widget.door.begun == 1


async def test_a_form_of_another_site_cannot_pretend_to_be_json(widget: Running) -> None:
    url, headers = f"{widget.base_url}/widget/begin", {"Origin": widget.base_url, "Content-Type": "text/plain"}
    async with widget.client.post(url, data='{"lang": "fr"}', headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("content", [None, 1, [], "x", {"key": 1}, {"origin": HOST, "lang": "xx"}, {"origin": HOST}])
async def test_what_is_none_of_our_bodies_is_refused(widget: Running, content: Any) -> None:
    assert (await widget.post("begin", content))[0] == 400


async def test_a_key_is_asked_for(widget: Running) -> None:
    for key in ("", "wrong", "c1"):
        assert (await say(widget, key, "one", "x"))[0] == 403
        assert (await poll(widget, key))[0] == 403
        assert (await upload(widget, key))[0] == 403


async def test_a_text_as_long_as_the_form_takes_is_kept_whole_and_a_longer_one_is_told_so(widget: Running) -> None:
    key = await begun(widget)
    story = "é" * MAX_TEXT
    assert (await say(widget, key, "long", story))[0] == 200
    assert widget.door.said[0][1] == story
    assert await say(widget, key, "longer", story + "é") == (
        413,
        {"t": "refused", "client": "longer", "why": "long", "wait": 0},
    )
    assert (await say(widget, key, "megabyte", "x" * 1024 * 1024))[0] == 413


async def test_messages_are_counted_with_those_of_sockets(widget: Running) -> None:
    key = await begun(widget)
    for number in range(20):
        assert (await say(widget, key, f"m{number}", "x"))[0] == 200
    status, content = await say(widget, key, "m20", "x")
    assert status == 429
    assert content["why"] == "busy"


async def test_conversations_cannot_be_begun_by_the_thousand(widget: Running) -> None:
    statuses = [(await widget.post("begin", {"origin": HOST, "lang": "fr"}))[0] for _ in range(35)]
    assert statuses[:30] == [200] * 30
    assert statuses[-1] == 429


async def test_a_file_goes_with_a_message(widget: Running) -> None:
    key = await begun(widget)
    status, kept = await upload(widget, key)
    assert status == 200
    assert (kept["name"], kept["size"]) == ("letter.pdf", len(PDF))
    await say(widget, key, "one", "", files=[kept["token"]])
    _, content = await poll(widget, key)
    assert content["lines"][0]["files"] == [{"name": "letter.pdf", "size": len(PDF)}]


async def test_a_file_of_another_conversation_is_not_to_be_had(widget: Running) -> None:
    mine, theirs = await begun(widget), await begun(widget)
    _, kept = await upload(widget, theirs)
    await say(widget, mine, "one", "with a token of theirs", files=[kept["token"]])
    assert widget.door.told["c1"].lines[0].files == ()
    assert (await upload(widget, mine, action="/remove", token=kept["token"]))[0] == 204
    assert kept["token"] in widget.door.told["c2"].files
    assert (await upload(widget, theirs, action="/remove", token=kept["token"]))[0] == 204
    assert widget.door.told["c2"].files == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("setup.exe", b"MZ\x90\x00"),
        ("letter.pdf", b"MZ\x90\x00"),
        ("empty.pdf", b""),
        ("page.html", b"<script>alert(1)</script>"),
        ("picture.svg", b"<svg onload='alert(1)'/>"),
        ("archive.zip", b"PK\x03\x04"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_refused_in_words(widget: Running, name: str, content: bytes) -> None:
    status, answer = await upload(widget, await begun(widget), name, content)
    assert status == 422
    assert name in answer["trouble"]
    assert widget.door.told["c1"].files == {}


async def test_files_have_their_limits(widget: Running) -> None:
    key = await begun(widget)
    tokens: list[str] = []
    for _ in range(10):
        _, kept = await upload(widget, key, kept=" ".join(tokens))
        tokens.append(kept["token"])
    assert (await upload(widget, key, kept=" ".join(tokens)))[0] == 422
    large = b"%PDF-1.7\n" + b"x" * (11 * 1000 * 1000)  # Two of them are over 20 MB.
    _, kept = await upload(widget, key, content=large)
    assert (await upload(widget, key, content=large, kept=kept["token"]))[0] == 413


async def test_files_come_from_our_own_pages_only(widget: Running) -> None:
    key = await begun(widget)
    for origin in ("null", HOST, "https://evil.example"):
        assert (await upload(widget, key, origin=origin))[0] == 403


async def test_a_full_house_says_later(widget: Running) -> None:
    key = await begun(widget)
    widget.door.full = True
    assert (await say(widget, key, "one", "x"))[0] == 503
    assert (await upload(widget, key))[0] == 503
    assert (await widget.post("begin", {"origin": HOST, "lang": "fr"}))[0] == 503
