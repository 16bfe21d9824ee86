"""The form over HTTP in front of the real door: a full disk refuses, keeps what was typed on the page, and takes it when there
is room again (rule Q5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import pytest

from channels.form.submission import Submission
from gateway.room import Room
from tests.channels.form.running import Running, Start, hidden, start
from tests.channels.form.test_form import PNG, multipart
from tests.gateway.conftest import Gateway

__all__ = ["start"]

_SAID = {
    "fr": "Nous ne pouvons pas prendre votre message pour le moment",
    "nl": "We kunnen uw bericht nu niet aannemen",
    "de": "Wir können Ihre Nachricht gerade nicht annehmen",
    "en": "We cannot take your message just now",
}


@dataclass
class FullDisk:
    """Room that a test makes and takes."""

    free: bool = False

    def enough(self) -> bool:
        return self.free


async def kept(gateway: Gateway) -> list[Submission]:
    async with gateway.house.store.read() as tx:
        rows = await tx.conn.exec_driver_sql("SELECT raw FROM inbox ORDER BY id")
        return [Submission.from_bytes(row[0]) for row in rows]


async def beside(gateway: Gateway, start: Start, room: FullDisk) -> Running:
    """The form in front of this house; a public address that is the client's own."""
    return await start(door=replace(gateway.door, room=cast(Room, room)))


@pytest.mark.parametrize("language", _SAID)
async def test_a_full_disk_refuses_and_keeps_what_was_typed(gateway: Gateway, start: Start, language: str) -> None:
    room = FullDisk()
    running = await beside(gateway, start, room)
    data = {**await running.form(language), "text": "Keep me.", "name": "Jan Peeters"}
    answer = await running.client.post(f"/{language}/complaint?send", data=data)
    page = await answer.text()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "120")
    assert _SAID[language] in page
    assert (hidden(page)["text"], hidden(page)["name"]) == ("Keep me.", "Jan Peeters")
    assert await kept(gateway) == []
    room.free = True
    for _ in range(2):
        answer = await running.client.post(f"/{language}/complaint?send", data=hidden(page), allow_redirects=False)
        assert answer.status == 303
    assert [one.name for one in await kept(gateway)] == ["Jan Peeters"]


async def test_a_file_without_room_is_asked_for_again(gateway: Gateway, start: Start) -> None:
    room = FullDisk()
    running = await beside(gateway, start, room)
    data = {**await running.form(), "text": "See the photo."}
    answer = await running.client.post("/en/complaint?go=2", data=multipart(data, [("photo.png", PNG)]))
    page = await answer.text()
    assert answer.status == 503
    assert "See the photo.</textarea>" in page
    assert "Please choose your files again" in page
    unsent = gateway.house.staging.folder
    assert not unsent.exists() or not list(unsent.iterdir())
    room.free = True
    answer = await running.client.post(
        "/en/complaint?go=3", data=multipart({**hidden(page), "text": "See the photo."}, [("photo.png", PNG)])
    )
    answer = await running.client.post("/en/complaint?send", data=hidden(await answer.text()), allow_redirects=False)
    assert answer.status == 303
    assert [[file.name for file in one.files] for one in await kept(gateway)] == [["photo.png"]]


async def test_a_disk_that_fills_while_a_file_is_written(
    gateway: Gateway, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = FullDisk(free=True)
    running = await beside(gateway, start, room)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    data = {**await running.form(), "text": "See the photo."}
    with monkeypatch.context() as disk:
        disk.setattr("store.staging.os.fsync", full)
        answer = await running.client.post("/en/complaint?go=2", data=multipart(data, [("photo.png", PNG)]))
    assert answer.status == 503
    assert "See the photo.</textarea>" in await answer.text()
    # Nothing half-written stays behind.
    assert list(gateway.house.staging.folder.iterdir()) == []
