"""Rule F1 over real HTTP and raw sockets: what is too much is refused while it comes, and nothing typed is lost."""

from __future__ import annotations

import asyncio
import contextlib
import tracemalloc

import pytest

from channels.form.fields import MAX_TEXT
from tests.channels.form.running import Running
from tests.channels.form.test_form import PNG, multipart

MB = 1000 * 1000
BOUNDARY = "----guichet"


async def talk(running: Running, head: str, body: list[bytes], *, stop_after: float = 20.0) -> tuple[bytes, int]:
    """Send a raw request piece by piece until it is answered; return the answer and how many bytes could be sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.client.port)
    writer.write(head.encode() + b"\r\n\r\n")
    answer = asyncio.create_task(reader.read(65536))
    sent = 0
    with contextlib.suppress(ConnectionError):
        for piece in body:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
            await asyncio.sleep(0)
            if answer.done():
                break
    got = await asyncio.wait_for(answer, stop_after)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return got, sent


def head(path: str, *lines: str) -> str:
    """The head of a POST."""
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *lines])


def part(name: str, value: bytes, filename: str = "") -> bytes:
    """One part of a multipart body."""
    file = f'; filename="{filename}"' if filename else ""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"


async def test_two_gigabytes_are_refused_by_their_announcement(running: Running) -> None:
    announced = head(
        "/api/v1/messages", f"Content-Type: multipart/form-data; boundary={BOUNDARY}", "Content-Length: 2000000000"
    )
    answer, sent = await talk(running, announced, [])
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert sent == 0


async def test_expecting_client_is_refused_before_it_sends(running: Running) -> None:
    lines = [f"Content-Type: multipart/form-data; boundary={BOUNDARY}", "Expect: 100-continue"]
    answer, _ = await talk(running, head("/api/v1/messages", *lines, "Content-Length: 2000000000"), [])
    assert answer.startswith(b"HTTP/1.1 413 ")
    body = b'{"text": "x"}'
    lines = [
        "Content-Type: application/json",
        "Expect: 100-continue",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    answer, _ = await talk(running, head("/api/v1/messages", *lines), [])
    assert answer.startswith(b"HTTP/1.1 100 ")


@pytest.mark.parametrize("shape", ["preamble", "field", "file"])
async def test_unannounced_floods_stop_at_the_limit(running: Running, shape: str) -> None:
    start = {"preamble": b"", "field": part("text", b"")[:-2], "file": part("files", b"", "a.png")[:-2]}[shape]
    junk = (b"x" * 1022 + b"\r\n") * 64
    pieces = [_chunk(start)] if start else []
    pieces += [_chunk(junk)] * 2000
    lines = [f"Content-Type: multipart/form-data; boundary={BOUNDARY}", "Transfer-Encoding: chunked"]
    answer, sent = await talk(running, head("/api/v1/messages", *lines), pieces)
    assert answer.startswith(b"HTTP/1.1 413 ")
    # 32 MiB is the limit; what the sockets held in between comes on top.
    assert sent < 60 * MB


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def test_many_small_parts_are_refused_in_little_memory(running: Running) -> None:
    body = b"".join(part(f"f{number}", b"x") for number in range(200_000)) + f"--{BOUNDARY}--\r\n".encode()
    lines = [f"Content-Type: multipart/form-data; boundary={BOUNDARY}", f"Content-Length: {len(body)}"]
    tracemalloc.start()
    answer, _ = await talk(running, head("/api/v1/messages", *lines), [body])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.startswith(b"HTTP/1.1 413 ")
    # The body itself is ours (about 16 MB, twice while it is joined and sent); reading it adds next to nothing.
    assert peak < 3 * len(body)


async def test_fifty_files_get_a_clear_answer_and_the_text_stays(running: Running) -> None:
    data = multipart({**await running.form(), "text": "Keep me."}, [(f"{number}.png", PNG) for number in range(50)])
    answer = await running.client.post("/en/complaint", data=data)
    page = await answer.text()
    assert answer.status == 422
    assert "at most 10 files" in page
    assert "Keep me.</textarea>" in page
    assert "Please choose your files again" in page


async def test_files_too_large_together_keep_the_text(running: Running) -> None:
    fields = {**await running.form(), "text": "Keep me."}
    for size, message in ((21 * MB, "Together they may have 20 MB"), (34 * MB, "Your files are too large")):
        answer = await running.client.post("/en/complaint", data=multipart(fields, [("a.png", PNG + b"x" * size)]))
        page = await answer.text()
        assert answer.status == 413
        assert message in page
        assert "Keep me.</textarea>" in page
    assert running.door.raw == []


async def test_the_longest_text_is_taken_with_browser_line_ends(running: Running) -> None:
    text = "é\n" * (MAX_TEXT // 2 - 1) + "é"
    data = {**await running.form(), "text": text.replace("\n", "\r\n")}
    assert (await running.client.post("/en/complaint", data=data, allow_redirects=False)).status == 303
    answer = await running.client.post("/en/complaint", data={**await running.form(), "text": text + "xx"})
    page = await answer.text()
    assert answer.status == 422
    assert "20,000 characters" in page
    assert text + "xx</textarea>" in page


async def test_only_so_many_large_bodies_at_once_while_stories_get_through(running: Running) -> None:
    lines = [f"Content-Type: multipart/form-data; boundary={BOUNDARY}", "Content-Length: 33000000"]
    waiting = []
    for _ in range(8):
        _, writer = await asyncio.open_connection("127.0.0.1", running.client.port)
        writer.write(head("/api/v1/messages", *lines).encode() + b"\r\n\r\n" + part("text", b"and then"))
        await writer.drain()
        waiting.append(writer)
    await asyncio.sleep(0.2)
    answer, _ = await talk(running, head("/api/v1/messages", *lines), [])
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 120" in answer
    fields = {**await running.form(), "text": "Keep me."}
    response = await running.client.post("/en/complaint", data=multipart(fields, [("a.png", PNG + b"x" * 15 * MB)]))
    assert response.status == 503
    assert "Keep me.</textarea>" in await response.text()
    assert (await running.client.post("/api/v1/messages", json={"text": "Only a story."})).status == 201
    for writer in waiting:
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.2)
    response = await running.client.post(
        "/en/complaint", data=multipart(fields, [("a.png", PNG + b"x" * 15 * MB)]), allow_redirects=False
    )
    assert response.status == 303


async def test_a_sender_who_stalls_is_let_go(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = []
    plain = asyncio.wait_for

    async def hurried(awaitable: object, seconds: float) -> object:
        waited.append(seconds)
        return await plain(awaitable, seconds / 100)  # type: ignore[arg-type]

    monkeypatch.setattr("channels.web.body.asyncio.wait_for", hurried)
    lines = [f"Content-Type: multipart/form-data; boundary={BOUNDARY}", "Content-Length: 500", "Connection: close"]
    reader, writer = await asyncio.open_connection("127.0.0.1", running.client.port)
    writer.write(head("/api/v1/messages", *lines).encode() + b"\r\n\r\n" + part("text", b"and then"))
    assert (await plain(reader.read(200), 10)).startswith(b"HTTP/1.1 408 ")
    assert max(waited) == 30
    writer.close()


async def test_more_than_a_hundred_headers(running: Running) -> None:
    answer = await running.client.get("/en/", headers={f"X-{number}": "x" for number in range(101)})
    assert answer.status == 431
    assert "Content-Security-Policy" in answer.headers
