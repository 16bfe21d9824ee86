"""While a list or a case is open: what is new is told, who else is there is seen, and nobody learns what is not theirs."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from console import live_pages
from store import cases, presence, users
from store.viewer import Viewer
from tests.console.conftest import Browser, Running
from tests.console.example_house import NOW, Told, add_case


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_pages, "_PAUSE", 0.02)


class Heard:
    """A stream, event by event."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def next(self, wanted: str) -> Any:
        """The data of the next event of this name; what says only that the stream lives is passed over."""
        while True:
            part = (await self._answer.content.readuntil(b"\n\n")).decode()
            name, _, data = part.strip().partition("\n")
            if name == f"event: {wanted}":
                return json.loads(data.removeprefix("data: "))
            assert not name.startswith("event:"), part


@asynccontextmanager
async def stream(browser: Browser, path: str) -> AsyncIterator[Heard]:
    answer = await browser.client.get(path)
    assert answer.status == 200
    try:
        yield Heard(answer)
    finally:
        answer.close()


async def test_a_list_hears_of_new_cases_and_of_those_that_left(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get("/console/queue/privacy?language=fr")
    assert 'data-events="/console/events?language=fr&amp;queue=privacy"' in page
    async with stream(tom, "/console/events?language=fr&queue=privacy") as heard:
        assert (await heard.next("list"))["cases"] == []
        told = Told("Member", "new@mail.example", "Encore moi.", days_ago=1, department="privacy")
        await add_case(running.house, "new", told)
        assert (await heard.next("list"))["cases"] == [running.house.references["new"]]
        async with running.house.store.write() as tx:
            await cases.close(tx, running.house.cases["new"], outcome="explained", actor="system", now=NOW)
        assert (await heard.next("list"))["cases"] == []
    await tom.get("/console/events?queue=nowhere", status=404)


async def test_two_people_on_one_case_see_each_other(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = f"{running.case('marie')}/events"
    async with stream(tom, path) as first:
        assert (await first.next("case"))["others"] == ""
        async with stream(luc, path) as second, stream(luc, "/console/events") as listed:
            assert (await second.next("case"))["others"] == "Tom Baert"
            assert (await first.next("case"))["others"] == "Luc Simon"
            assert (await listed.next("list"))["open"] == {running.house.references["marie"]: "Tom Baert"}
        assert (await first.next("case"))["others"] == ""


async def test_a_page_that_was_never_closed_counts_for_a_minute_at_most(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = f"{running.case('marie')}/events"
    async with stream(tom, path) as first:
        await first.next("case")
        async with stream(luc, path) as second:
            assert (await second.next("case"))["others"] == "Tom Baert"
    async with running.house.store.write() as tx:
        viewer = Viewer(running.house.users["tom"], "Tom Baert", "mediator")
        await presence.touch(tx, viewer, running.house.cases["marie"], now=running.clock())
    running.clock.forward(seconds=50)
    async with stream(luc, path) as second:
        assert (await second.next("case"))["others"] == ""


async def test_a_case_that_changed_is_said_and_one_that_is_sealed_ends_its_stream(running: Running) -> None:
    tom = await running.sign_in("tom")
    async with stream(tom, f"{running.case('marie')}/events") as heard:
        before = (await heard.next("case"))["version"]
        async with running.house.store.write() as tx:
            await cases.change(tx, running.house.cases["marie"], actor="system", act="case.changed", now=NOW)
        assert (await heard.next("case"))["version"] == before + 1
        async with running.house.store.write() as tx:
            await cases.change(
                tx, running.house.cases["marie"], actor="system", act="case.changed", now=NOW, sealed=True
            )
        assert await heard.next("gone") == {}


async def test_a_colleague_s_note_is_said_and_makes_no_form_stale(running: Running) -> None:
    tom, luc = await running.sign_in("tom"), await running.sign_in("luc")
    path = running.case("marie")
    page = await luc.get(path)
    shown = re.search(r'data-version="(\d+)" data-note="(\d+)" data-noted="{name} added a note', page)
    assert shown
    await tom.get(path)
    async with stream(luc, f"{path}/events") as heard:
        before = await heard.next("case")
        assert (str(before["version"]), str(before["note"])) == shown.groups()
        await tom.post(f"{path}/note", text="Rappeler lundi.")
        after = await heard.next("case")
        while after["note"] == before["note"]:
            after = await heard.next("case")
        assert after["by"] == "Tom Baert"
        assert after["version"] == before["version"]
        assert "lundi" not in json.dumps(after)
    # The form that was open is taken as if nothing had been.
    assert "The case is yours." in await luc.post(f"{path}/take")
    assert f'data-note="{after["note"]}"' in await luc.get(path)


async def test_who_reads_a_sealed_case_is_seen_by_those_who_may_read_it(running: Running) -> None:
    anne, tom, sofie = [await running.sign_in(login) for login in ("anne", "tom", "sofie")]
    await anne.post(f"{running.case('sealed')}/open", reason="handling")
    reference = running.house.references["sealed"]
    async with stream(anne, f"{running.case('sealed')}/events") as heard:
        await heard.next("case")
        for browser, seen in ((tom, {}), (sofie, {reference: "Anne Lemaire"})):
            async with stream(browser, "/console/events?queue=medical_coordinator") as listed:
                assert (await listed.next("list"))["open"] == seen


async def test_the_stream_ends_with_the_session(running: Running) -> None:
    tom = await running.sign_in("tom")
    async with stream(tom, "/console/events") as heard:
        await heard.next("list")
        async with running.house.store.write() as tx:
            await users.disable(tx, running.house.users["tom"], actor="system", now=NOW)
        assert await heard.next("gone") == {}


async def test_who_writes_is_named_and_not_what(running: Running) -> None:
    anne, tom, luc = [await running.sign_in(login) for login in ("anne", "tom", "luc")]
    await anne.post(f"{running.case('sealed')}/open", reason="handling")
    for key, browser in (("marie", tom), ("sealed", anne)):
        page = await browser.get(running.case(key))
        assert 'data-writing="{names} is writing on this case."' in page
        await browser.post(f"{running.case(key)}/draft", status=204, purpose="note", text="Une phrase", quiet="1")
    async with stream(luc, "/console/events") as listed, stream(tom, "/console/events") as own:
        heard = await listed.next("list")
        assert heard["writing"] == {running.house.references["marie"]: "Tom Baert"}
        assert "phrase" not in json.dumps(heard)
        assert (await own.next("list"))["writing"] == {}
    async with stream(luc, f"{running.case('marie')}/events") as second:
        assert (await second.next("case"))["writing"] == "Tom Baert"
        running.clock.forward(seconds=50)
        assert (await second.next("case"))["writing"] == ""
