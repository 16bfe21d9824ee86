"""Recommendations: made on a case, followed, listed for who may open the case, counted by month."""

from __future__ import annotations

from datetime import timedelta

from store import recommendations
from store.viewer import Viewer
from tests.console.conftest import Running
from tests.console.example_house import NOW
from tests.console.test_actions import acts_of, messages_of

EVERYBODY = Viewer(0, "", "supervisor", medical=True)


async def test_a_recommendation_is_made_followed_and_counted(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    page = await tom.post(
        f"{path}/recommend", department="reimbursements", text="Bel <altijd> terug.", due_on="2026-12-10", mail="1"
    )
    assert "The recommendation is recorded." in page or "in 10 seconds." in page
    assert "Bel &lt;altijd&gt; terug." in page
    assert (await messages_of(running, "soon"))[-1].direction == "ask"
    page = await tom.get("/console/recommendations")
    assert "Bel &lt;altijd&gt; terug." in page
    assert "by Thu 10 Dec" in page
    await tom.get(path)
    page = await tom.post(f"{path}/follow", recommendation="1", state="accepted", remark="Vanaf januari.")
    assert "Vanaf januari." in page
    await tom.post(f"{path}/follow", status=422, recommendation="99", state="done")
    await tom.post(f"{path}/follow", status=422, recommendation="1", state="forgotten")
    assert "case.recommendation_followed" in await acts_of(running, "soon")
    async with running.house.store.read() as tx:
        month = {"since": NOW - timedelta(days=1), "until": NOW + timedelta(days=1)}
        counted = await recommendations.by_month(tx, EVERYBODY, **month)
        assert counted == {"reimbursements": {"made": 1, "open": 0, "accepted": 1, "refused": 0, "done": 0}}
        later = {"since": NOW + timedelta(days=1), "until": NOW + timedelta(days=31)}
        assert await recommendations.by_month(tx, EVERYBODY, **later) == {}


async def test_one_without_an_address_is_not_half_made(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    page = await tom.post(f"{path}/recommend", status=422, department="digital", text="Mijn raad.", mail="1")
    assert "Mijn raad.</textarea>" in page
    async with running.house.store.read() as tx:
        assert await recommendations.to_follow(tx, EVERYBODY) == []
    await tom.post(f"{path}/recommend", department="digital", text="Mijn raad.")
    await tom.post(f"{path}/follow", recommendation="1", state="done")
    page = await tom.get("/console/recommendations")
    assert "Done or refused" in page


async def test_what_is_recommended_on_a_sealed_case_is_for_who_may_open_it(running: Running) -> None:
    anne, tom = await running.sign_in("anne"), await running.sign_in("tom")
    path = running.case("sealed")
    await anne.post(f"{path}/open", reason="handling")
    await anne.post(f"{path}/recommend", department="incapacity", text="Zwijgen is goud.", mail="1")
    assert "Zwijgen" in await anne.get(path)
    # Its words are read on the case, where it is said why.
    page = await anne.get("/console/recommendations")
    assert running.house.references["sealed"] in page
    assert "Zwijgen" not in page
    assert running.house.references["sealed"] not in await tom.get("/console/recommendations")
    # Nothing of a sealed case goes out by mail, whatever the form says.
    assert running.desk.woken == []
