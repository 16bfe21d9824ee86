"""Whoever loses the role, the queue or the right to open a case loses the case too: at once, in the open, and no other."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from config.vocabulary import Role
from store import access, audit, cases, identities, users
from store.schema import cases as table
from store.schema import drafts, outbox
from tests.console.conftest import Browser, Running, hidden, on_both
from tests.console.example_house import NOW, PASSWORD
from tests.console.test_actions import acts_of, row_of

pytestmark = on_both


async def give(running: Running, admin: Browser, login: str, **rights: str) -> str:
    """The form of somebody's rights, as an administrator sends it."""
    path = f"/console/people/{running.house.users[login]}"
    was = hidden(await admin.get(path), "was")
    return await admin.post(path, was=was, proof=PASSWORD, **{"role": "mediator", "queues": "all", **rights})


async def hand(running: Running, key: str, login: str) -> None:
    """Put a case into somebody's hands."""
    async with running.house.store.write() as tx:
        await cases.change(
            tx,
            running.house.cases[key],
            actor="test",
            act="case.taken",
            now=NOW,
            assignee_id=running.house.users[login],
        )


async def holders(running: Running, *keys: str) -> list[str]:
    return [(await row_of(running, key)).assignee for key in keys]


async def test_a_queue_that_is_taken_away_takes_its_cases_along_and_no_other(running: Running) -> None:
    for key in ("soon", "unsure", "late"):
        await hand(running, key, "tom")
    queues = [(await row_of(running, key)).queue for key in ("soon", "unsure", "late")]
    assert queues == ["reimbursements", "triage", "mediation"]
    admin = await running.sign_in("admin")
    page = await give(running, admin, "tom", queues="some", **{"queue-triage": "1"})
    assert "The rights are changed" in page
    assert "2 open cases of theirs are nobody’s now, and wait: Mediation (1), Reimbursements (1)." in page
    assert await holders(running, "soon", "late", "unsure") == ["", "", "Tom Baert"]
    assert (await acts_of(running, "soon"))[-1] == "case.released"
    assert "case.released" not in await acts_of(running, "unsure")
    # The page of the colleague keeps it, and one entry of the audit tells it all.
    assert "2 open cases of theirs" in await admin.get(f"/console/people/{running.house.users['tom']}")
    async with running.house.store.read() as tx:
        (change, *_) = await access.changes(tx, running.house.users["tom"])
    assert (change.act, change.detail["released"]) == ("user.rights", {"mediation": 1, "reimbursements": 1})
    anne, sofie = await running.sign_in("anne"), await running.sign_in("sofie")
    page = await anne.get(running.case("soon"))
    assert "Tom Baert may no longer open this case. It is nobody’s now." in page
    assert running.house.references["soon"] in await anne.get("/console/queue/reimbursements?show=unassigned")
    assert "Mediation (1), Reimbursements (1)" in await sofie.get("/console/audit?act=user.rights")
    page = await sofie.get("/console/audit?act=case.released")
    assert "Case without a holder" in page
    assert page.count("from: Tom Baert") == 2


@pytest.mark.parametrize("role", ["agent", "reader", "administrator"])
async def test_who_handles_no_cases_any_more_has_none(running: Running, role: str) -> None:
    await hand(running, "soon", "tom")
    page = await give(running, await running.sign_in("admin"), "tom", role=role)
    assert "2 open cases of theirs" in page
    assert await holders(running, "soon", "late") == ["", ""]


async def test_who_may_open_them_still_keeps_them(running: Running) -> None:
    await hand(running, "soon", "tom")
    page = await give(running, await running.sign_in("admin"), "tom", role="supervisor", medical="1")
    assert "The rights are changed" in page
    assert "are nobody’s now" not in page
    assert await holders(running, "soon", "late") == ["Tom Baert", "Tom Baert"]


async def test_a_sealed_case_leaves_who_may_not_open_it_any_more(running: Running) -> None:
    await hand(running, "sealed", "anne")
    page = await give(running, await running.sign_in("admin"), "anne")
    assert "1 open case of theirs is nobody’s now, and waits:" in page
    assert await holders(running, "week") == ["Anne Lemaire"]
    async with running.house.store.read() as tx:
        query = select(table.c.assignee_id).where(table.c.id == running.house.cases["sealed"])
        assert await tx.conn.scalar(query) is None


async def test_a_text_begun_and_an_answer_on_its_way_stay_as_they_are(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("soon")
    await tom.get(path)
    number = int(hidden(await tom.post(f"{path}/reply", text="Beste Jan Peeters,\r\n\r\nWe kijken het na."), "outbox"))
    running.clock.forward(seconds=5)
    await tom.get(path)
    assert (await tom.send(f"{path}/draft", purpose="reply", text="Wat ik nog", quiet="1")).status == 204
    admin = await running.sign_in("admin")
    await give(running, admin, "tom", queues="some", **{"queue-triage": "1"})
    tom = await running.sign_in("tom")
    await tom.get(path, status=404)
    assert (await tom.send(f"{path}/undo", outbox=str(number))).status == 404
    async with running.house.store.read() as tx:
        assert await tx.conn.scalar(select(outbox.c.state).where(outbox.c.id == number)) == "waiting"
        assert list(await tx.conn.scalars(select(drafts.c.user_id))) == [running.house.users["tom"]]
    # Given back, the queue brings the text along; the case they have to take anew.
    await give(running, admin, "tom")
    tom = await running.sign_in("tom")
    assert "Wat ik nog" in await tom.get(path)
    assert await holders(running, "soon") == [""]


async def test_a_form_from_before_is_an_older_state(running: Running) -> None:
    anne = await running.sign_in("anne")
    before = await anne.get(running.case("late"))
    await give(running, await running.sign_in("admin"), "tom", role="reader")
    anne.page = before
    page = await anne.post(f"{running.case('late')}/take", status=409)
    assert "This case has changed since you opened it. Nothing was done." in page


@pytest.mark.parametrize(("role", "act"), [("agent", "user.rights"), (None, "user.sessions")])
async def test_a_role_that_comes_from_elsewhere_does_the_same(running: Running, role: Role | None, act: str) -> None:
    await hand(running, "soon", "tom")
    async with running.house.store.write() as tx:
        tom = await users.by_id(tx, running.house.users["tom"])
        assert tom is not None
        await identities.take_role(tx, tom, role, now=NOW)
    assert await holders(running, "soon", "late") == ["", ""]
    async with running.house.store.read() as tx:
        (change, *_) = await access.changes(tx, tom.id)
        entries = await audit.of_case(tx, running.house.cases["soon"])
    assert (change.act, change.actor, change.detail["released"]) == (
        act,
        "system",
        {"mediation": 1, "reimbursements": 1},
    )
    assert (entries[-1].act, entries[-1].actor) == ("case.released", "system")


async def test_a_closed_case_that_opens_again_looks_for_somebody_who_may_have_it(running: Running) -> None:
    async with running.house.store.write() as tx:
        for key, login in (("soon", "tom"), ("week", "anne")):
            values = {"assignee_id": running.house.users[login]}
            number = running.house.cases[key]
            await tx.conn.execute(update(table).where(table.c.id == number).values(**values))
            await cases.close(tx, number, outcome="founded", actor="test", now=NOW)
    await give(running, await running.sign_in("admin"), "tom", role="reader")
    # What is closed tells who closed it.
    assert await holders(running, "soon", "week") == ["Tom Baert", "Anne Lemaire"]
    async with running.house.store.write() as tx:
        for key in ("soon", "week"):
            await cases.reopen(tx, running.house.cases[key], actor="system", now=NOW)
    assert await holders(running, "soon", "week") == ["", "Anne Lemaire"]
    assert (await acts_of(running, "soon"))[-2:] == ["case.reopened", "case.released"]


async def test_a_case_that_is_sealed_by_what_its_member_adds_leaves_who_may_not_open_it(running: Running) -> None:
    await hand(running, "soon", "tom")
    async with running.house.store.write() as tx:
        for key in ("soon", "week"):
            await cases.change(
                tx, running.house.cases[key], actor="member", act="message.joined", now=NOW, unread=True, sealed=True
            )
        query = select(table.c.assignee_id).where(
            table.c.id.in_([running.house.cases[key] for key in ("soon", "week")])
        )
        assert set(await tx.conn.scalars(query)) == {None, running.house.users["anne"]}


@pytest.mark.parametrize("said", ["", "0", "9" * 16, "²", "x", "-1"])
async def test_an_address_made_up_says_nothing_more(running: Running, said: str) -> None:
    sofie = await running.sign_in("sofie")
    page = await sofie.get(f"/console/people?done=rights&who={said}")
    assert "are nobody’s now" not in page
