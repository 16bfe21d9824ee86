"""The web chat of a whole running house in bad hands: refused or contained with a clear answer, and others notice nothing."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import zipfile
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, FormData, WSMsgType, WSServerHandshakeError

from tests.gateway.embedded import Embedded, embedded

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


@dataclass
class Chat:
    """One socket of somebody who speaks our protocol, well or badly."""

    socket: ClientWebSocketResponse
    base: str
    key: str = ""
    lines: int = 0

    async def frames(self, what: str, seconds: float = 60) -> dict[str, Any]:
        """The next frame of a kind; others are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.socket.receive()
                assert message.type is WSMsgType.TEXT, message
                content: dict[str, Any] = json.loads(message.data)
                if content["t"] == what:
                    return content

    async def say(self, text: str, files: tuple[str, ...] = (), client: str = "") -> None:
        """Say something without waiting."""
        self.lines += 1
        content = {"t": "say", "id": client or f"l{self.lines}", "text": text, "choice": "", "files": list(files)}
        await self.socket.send_str(json.dumps(content))

    async def asks(self, text: str) -> str:
        """Say something and return the robot's answer."""
        await self.say(text)
        while True:
            shown = await self.frames("shown")
            told = [line["text"] for line in shown["lines"] if line["who"] == "bot"]
            if told:
                return str(told[-1])


@dataclass
class Street:
    """Where they come from: a house that runs, and a way to open chats."""

    house: Embedded
    session: ClientSession
    sockets: list[ClientWebSocketResponse] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The address of the house."""
        return f"http://127.0.0.1:{self.house.port}"

    async def chat(self, key: str = "", *, address: str = "198.18.0.1") -> Chat:
        """Open a chat, a new conversation or the one of a key."""
        headers = {"Origin": self.base, "X-Forwarded-For": address}
        socket = await self.session.ws_connect(f"{self.base}/widget/socket", headers=headers, max_msg_size=0)
        self.sockets.append(socket)
        chat = Chat(socket, self.base, key)
        await socket.send_json({"t": "hello", "key": key, "origin": self.base, "last": 0})
        if not key:
            await chat.frames("ready")
            await socket.send_json({"t": "begin", "lang": "fr"})
            chat.key = (await chat.frames("began"))["key"]
        return chat

    async def upload(self, chat: Chat, name: str, content: bytes) -> tuple[int, str]:
        """Send a file for a conversation."""
        form = FormData()
        form.add_field("key", chat.key)
        form.add_field("origin", self.base)
        form.add_field("files", content, filename=name, content_type="application/octet-stream")
        headers = {"Origin": self.base, "X-Forwarded-For": "198.18.0.1"}
        async with self.session.post(f"{self.base}/widget/files/fr", data=form, headers=headers) as answer:
            return answer.status, await answer.text()

    def told(self, query: str) -> list[tuple[Any, ...]]:
        """What the register says."""
        with closing(sqlite3.connect(self.house.folder / "data" / "guichet.db")) as database:
            return database.execute(query).fetchall()


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    """A house of its own that believes its proxy, and a client."""
    with embedded(tmp_path / "house", GUICHET_TRUSTED_PROXIES="127.0.0.1") as house:
        await asyncio.to_thread(house.start)
        async with ClientSession() as session:
            street = Street(house, session)
            yield street
            await asyncio.gather(*(socket.close() for socket in street.sockets), return_exceptions=True)


async def test_who_floods_and_shouts_is_stopped_while_others_are_answered(street: Street) -> None:
    bad = await street.chat(address="198.18.9.9")
    for number in range(100):
        await bad.say(f"encore {number}")
        await asyncio.sleep(0.01)
    good = await street.chat()
    assert "Partenamut" in await good.asks("Bonjour, mes remboursements n'arrivent pas depuis trois mois.")
    assert await good.asks("Je voudrais être remboursée")
    kept = street.told("SELECT count(*) FROM inbox WHERE channel = 'chat'")[0][0]
    # Twenty a minute are kept; the others were told to wait and are tried again by their browser.
    assert kept <= 20 + 2 + 5
    huge = await street.chat(address="198.18.9.8")
    await huge.say("A" * 1_000_000)
    message = await huge.socket.receive()
    while message.type is WSMsgType.TEXT:
        message = await huge.socket.receive()
    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING)
    assert await good.asks("Marie Dubois, marie.dubois@mail.example")


async def test_a_text_as_long_as_a_novel_is_told_its_limit(street: Street) -> None:
    chat = await street.chat()
    body = {"key": chat.key, "origin": street.base, "id": "n1", "text": "mot " * 100_000, "choice": "", "files": []}
    headers = {"Origin": street.base}
    async with street.session.post(f"{street.base}/widget/say", json=body, headers=headers) as answer:
        assert (await answer.json()).get("why") == "long" or answer.status == 413
    assert await chat.asks("Bonjour, votre agence de Namur était fermée hier.")


async def test_a_strange_origin_and_a_strange_key_open_nothing(street: Street) -> None:
    member = await street.chat()
    await member.asks("Bonjour, mes remboursements n'arrivent pas depuis trois mois.")
    for origin in ("https://evil.example", "null", f"{street.base}.evil.example", street.base.replace("http", "https")):
        with pytest.raises(WSServerHandshakeError) as refused:
            await street.session.ws_connect(f"{street.base}/widget/socket", headers={"Origin": origin})
        assert refused.value.status == 403
    for key in (member.key[:-1] + ("A" if member.key[-1] != "A" else "B"), member.key.lower(), "1", "x" * 64):
        thief = await street.chat(key)
        message = await thief.socket.receive()
        assert message.type is WSMsgType.CLOSE
        assert message.data == 4401
    other = await street.session.ws_connect(f"{street.base}/widget/socket", headers={"Origin": street.base})
    await other.send_json({"t": "hello", "key": member.key, "origin": "https://evil.example", "last": 0})
    message = await other.receive()
    assert message.type is WSMsgType.CLOSE
    await other.close()


async def test_files_that_are_none_are_refused_in_words_and_those_of_others_are_not_to_be_had(street: Street) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 20_000_000)
    one, two = await street.chat(), await street.chat(address="198.18.0.2")
    for name, content in (
        ("photo.jpg.exe", b"MZ\x90\x00" + b"\0" * 200),
        ("photo.jpg", b"MZ\x90\x00" + b"\0" * 200),
        ("facture.pdf", bomb.getvalue()),
        ("archive.zip", bomb.getvalue()),
        ("page.html", MARKUP.encode()),
        ("image.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    ):
        status, words = await street.upload(one, name, content)
        assert status in (413, 415, 422), (name, status)
        assert len(words) > 10, name
    status, words = await street.upload(one, f"{MARKUP}.txt", b"Mon remboursement n'est pas venu.")
    assert status == 200, words
    token = json.loads(words)["token"]
    await two.say("Bonjour, voici ma facture du mois de mars", (token,))
    await two.frames("kept")
    await one.asks("Bonjour, mes remboursements n'arrivent pas")
    assert street.told("SELECT count(*) FROM message_files") == [(0,)]
    await one.say("Voici la lettre que j'ai reçue", (token,))
    await one.frames("kept")
    for _ in range(100):
        if street.told("SELECT count(*) FROM message_files") == [(1,)]:
            break
        await asyncio.sleep(0.1)
    assert street.told("SELECT count(*) FROM message_files") == [(1,)]


async def test_markup_in_every_field_is_words(street: Street) -> None:
    chat = await street.chat()
    await chat.asks(f"Bonjour, mes remboursements n'arrivent pas depuis trois mois. {MARKUP}")
    await chat.asks(f"Je veux être remboursée {MARKUP}")
    answer = await chat.asks(f"Marie {MARKUP} Dubois, 0470 00 11 03")
    assert "49" not in answer
    for _ in range(6):
        if "PM-" in answer:
            break
        answer = await chat.asks("oui")
    assert "PM-" in answer
    again = await street.chat(chat.key)
    shown = await again.frames("shown")
    assert MARKUP in shown["lines"][0]["text"]
