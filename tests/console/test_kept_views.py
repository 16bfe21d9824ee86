"""Lists with a name: one's own, those for everybody, and nobody else's."""

from __future__ import annotations

import re

import pytest

from tests.console.conftest import Running

_VIEW = {"queue": "mediation", "chosen": "?show=unassigned&kind=complaint", "name": "  New   complaints "}
_PATH = 'href="/console/queue/mediation?show=unassigned&amp;kind=complaint"'


async def test_a_list_is_kept_found_again_and_forgotten(running: Running) -> None:
    tom = await running.sign_in("tom")
    page = await tom.get("/console/queue/mediation?show=unassigned&kind=complaint")
    assert "Keep this list" in page
    page = await tom.post("/console/views", **_VIEW)
    assert "The list is kept" in page
    assert f'{_PATH} aria-current="page"><span>New complaints</span>' in page
    assert "Keep this list" not in page
    assert _PATH in await tom.get("/console/mine")
    found = re.search(r'action="(/console/views/\d+/forget)"', await tom.get(_path()))
    assert found is not None
    assert "The list is forgotten" in await tom.post(found.group(1))
    assert _PATH not in await tom.get("/console/mine")


def _path() -> str:
    return "/console/queue/mediation?show=unassigned&kind=complaint"


async def test_only_a_supervisor_keeps_a_list_for_everybody(running: Running) -> None:
    tom, luc, rik = await running.sign_in("tom"), await running.sign_in("luc"), await running.sign_in("rik")
    await tom.post("/console/views", **_VIEW, shared="1")
    assert "New complaints" not in await rik.get("/console/")
    await luc.post("/console/views", queue="", chosen="?flag=second_line", name="Second line", shared="1")
    assert 'href="/console/?flag=second_line"' in await rik.get("/console/")
    page = await rik.get("/console/?flag=second_line")
    assert "/forget" not in page
    # Who did not keep it cannot make it go, by no number.
    for number in range(1, 4):
        await rik.post(f"/console/views/{number}/forget", status=404)
    assert "Everybody sees it" in await luc.get("/console/?flag=second_line")


@pytest.mark.parametrize("chosen", ["", "?show=nothing&kind=<b>", "?&&=", "?assignee=99999999999999999999"])
async def test_what_nobody_could_choose_is_not_kept(running: Running, chosen: str) -> None:
    tom = await running.sign_in("tom")
    await tom.post("/console/views", queue="nowhere", chosen=chosen, name="<script>x</script>")
    page = await tom.get("/console/")
    assert '<a href="/console/" aria-current="page"><span>&lt;script&gt;x&lt;/script&gt;</span>' in page


async def test_a_list_wants_a_name_and_there_are_not_too_many(running: Running) -> None:
    tom = await running.sign_in("tom")
    assert "Give the list a name" in await tom.post("/console/views", **(_VIEW | {"name": "  "}))
    for number in range(20):
        await tom.post("/console/views", **(_VIEW | {"name": f"List {number}"}))
    assert "You keep 20 lists already" in await tom.post("/console/views", **_VIEW)
