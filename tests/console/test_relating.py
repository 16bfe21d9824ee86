"""Cases are linked and stay two; the link is for those who may open both."""

from __future__ import annotations

from store import audit, related, views
from store.viewer import Viewer
from tests.console.conftest import Running, hidden, on_both

pytestmark = on_both
ANNE = Viewer(1, "Test", "mediator", medical=True)


async def reference_of(running: Running, key: str) -> str:
    return running.case(key).rsplit("/", 1)[1]


async def test_a_link_stands_in_both_cases_and_can_be_taken_away(running: Running) -> None:
    anne = await running.sign_in("anne")
    here, there = await reference_of(running, "soon"), await reference_of(running, "late")
    page = await anne.get(running.case("soon"))
    version = hidden(page, "version")
    page = await anne.post(f"{running.case('soon')}/link", version=version, **{"with": there.lower().replace("-", " ")})
    assert "The two cases are linked." in page
    assert f'href="/console/case/{there}"' in page
    assert f"linked it with {there}" in page
    other = await anne.get(running.case("late"))
    assert f'href="/console/case/{here}"' in other
    assert f"linked it with {here}" in other
    # Twice is once, from whichever side, and the other case was not changed under anybody's hands.
    await anne.post(f"{running.case('late')}/link", version=hidden(other, "version"), **{"with": here})
    async with running.house.store.read() as tx:
        row = await views.case_by_reference(tx, ANNE, here)
        assert row is not None
        assert [one.reference for one in await related.of_case(tx, ANNE, row.id)] == [there]
        assert len([one for one in await audit.of_case(tx, row.id) if one.act == "case.linked"]) == 1
    page = await anne.get(running.case("late"))
    page = await anne.post(f"{running.case('late')}/unlink", version=hidden(page, "version"), **{"with": here})
    assert "The link is taken away." in page
    async with running.house.store.read() as tx:
        assert await related.of_case(tx, ANNE, row.id) == []


async def test_what_cannot_be_linked_says_why_and_nothing_is(running: Running) -> None:
    anne = await running.sign_in("anne")
    address = running.case("soon")
    for wanted, said in (
        (await reference_of(running, "soon"), "This is the same case."),
        ("PM-2026-999999-00", "There is no such case"),
        ("<script>", "There is no such case"),
        (await reference_of(running, "sealed"), "There is no such case"),
    ):
        version = hidden(await anne.get(address), "version")
        page = await anne.post(f"{address}/link", status=422, version=version, **{"with": wanted})
        assert said in page
    async with running.house.store.read() as tx:
        assert await related.of_case(tx, ANNE, running.house.cases["soon"]) == []


async def test_a_sealed_case_is_not_linked_to_one_without_a_seal_and_shows_to_nobody_else(running: Running) -> None:
    anne = await running.sign_in("anne")
    sealed, address = await reference_of(running, "sealed"), running.case("soon")
    await anne.post(f"{running.case('sealed')}/open", reason="handling")
    version = hidden(await anne.get(address), "version")
    page = await anne.post(f"{address}/link", status=422, version=version, **{"with": sealed})
    assert "One of the two is sealed" in page
    # Sealed after it was linked, it is gone from the other's page for who may not open it.
    async with running.house.store.write() as tx:
        await related.link(tx, ANNE, running.house.cases["soon"], running.house.cases["sealed"], now=running.clock())
    tom = await running.sign_in("tom")
    assert sealed not in await tom.get(address)
    assert sealed in await anne.get(address)
