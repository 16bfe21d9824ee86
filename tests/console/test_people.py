"""People and access: who may what, changed by administrators only, never by oneself, with the password given again."""

from __future__ import annotations

import re
from html import unescape

import pytest

from console.people_page import made_up
from store import access, users
from store.users import User
from tests.console.conftest import Browser, Running, hidden
from tests.console.example_house import PASSWORD

NEW = "several words of my own"


async def _user(running: Running, login: str) -> User:
    async with running.house.store.read() as tx:
        found = await users.by_login(tx, login)
    assert found is not None
    return found


def first_password(page: str) -> str:
    found = re.search(r'class="secret">([^<]+)<', page)
    assert found, page[:2000]
    return unescape(found.group(1))


def _person(running: Running, login: str) -> str:
    return f"/console/people/{running.house.users[login]}"


async def _added(admin: Browser, **fields: str) -> str:
    form = {"login": "els@example.org", "name": "Els Maes", "role": "mediator", "queues": "all", **fields}
    return await admin.post("/console/people/new", **form)


async def test_who_may_read_health_data_is_one_list(running: Running) -> None:
    admin = await running.sign_in("admin")
    page = await admin.get("/console/people")
    health = page[page.index('id="health"') :]
    assert "Anne Lemaire" in health
    assert "Sofie Claes" in health
    assert "Tom Baert" not in health
    assert "Tuesday 24 November 2026" in health
    # The list says the rest of everybody, too.
    assert "Tom Baert" in page
    assert "all queues" in page


async def test_who_opened_sealed_cases_is_told_and_not_which(running: Running) -> None:
    admin, anne = await running.sign_in("admin"), await running.sign_in("anne")
    assert "Nobody did." in await admin.get("/console/people")
    for _ in range(2):
        running.clock.forward(minutes=10)
        await anne.post(f"{running.case('sealed')}/open", reason="handling")
    page = await admin.get("/console/people")
    did = page[page.index("And who opened") :]
    assert re.search(r"<strong>Anne Lemaire</strong>: 1 sealed case, the last time 10:20", did)
    assert "Sofie Claes" not in did
    assert running.house.references["sealed"] not in page
    # They did, although they may no longer.
    number = running.house.users["anne"]
    was = hidden(await admin.get(f"/console/people/{number}"), "was")
    running.clock.forward(minutes=1)
    await admin.post(f"/console/people/{number}", was=was, role="mediator", queues="all", proof=PASSWORD)
    page = await admin.get("/console/people")
    assert "<strong>Anne Lemaire</strong>, who may no longer do so: 1 sealed case" in page
    running.clock.forward(days=91)
    admin = await running.sign_in("admin")
    assert "Nobody did." in await admin.get("/console/people")


async def test_a_supervisor_reads_it_and_changes_nothing(running: Running) -> None:
    sofie = await running.sign_in("sofie")
    page = await sofie.get("/console/people")
    assert "Add a person" not in page
    assert "/console/people/1" not in page


async def test_a_new_colleague_chooses_a_password_before_anything_else(running: Running) -> None:
    admin = await running.sign_in("admin")
    first = first_password(await _added(admin, role="agent", queues="some", **{"queue-triage": "1", "medical": "1"}))
    user = await _user(running, "els@example.org")
    assert (user.role, user.medical, user.queues) == ("agent", True, frozenset({"triage"}))
    els = running.client()
    page = await (await els.get("/console/sign-in")).text()
    form = {"csrf": hidden(page, "csrf"), "login": user.login, "password": first, "next": "/console/mine"}
    answer = await els.post("/console/sign-in", data=form)
    assert answer.url.path == "/console/sign-in/password"
    page = await answer.text()
    # No page but this one.
    for path in ("/console/", "/console/mine", "/console/keys", running.case("unsure")):
        refused = await els.get(path, allow_redirects=False)
        assert (refused.status, refused.headers["Location"].partition("?")[0][-8:]) == (303, "/sign-in"), path
    chosen = {"csrf": hidden(page, "csrf"), "next": hidden(page, "next"), "new": NEW, "again": NEW}
    wrong: tuple[tuple[dict[str, str], str], ...] = (
        ({"again": "something else"}, "not the same"),
        ({"new": first, "again": first}, "your colleague knows"),
        ({"new": "short", "again": "short"}, "too short"),
        ({"new": "x" * 129, "again": "x" * 129}, "too long"),
        ({"new": "motdepasse1234", "again": "motdepasse1234"}, "first that are tried"),
        ({"csrf": "x"}, "open for too long"),
    )
    for change, words in wrong:
        answer = await els.post("/console/sign-in/password", data={**chosen, **change})
        assert words in await answer.text(), change
        assert answer.status in (403, 422)
    answer = await els.post("/console/sign-in/password", data=chosen)
    assert answer.url.path == "/console/mine"
    # The first password is no more.
    again = running.client()
    page = await (await again.get("/console/sign-in")).text()
    refused = await again.post("/console/sign-in", data={**form, "csrf": hidden(page, "csrf")})
    assert refused.status == 403
    await running.sign_in(user.login, NEW)


async def test_a_first_password_that_nobody_used_ends(running: Running) -> None:
    admin = await running.sign_in("admin")
    first = first_password(await _added(admin))
    running.clock.forward(days=3, minutes=1)
    client = running.client()
    page = await (await client.get("/console/sign-in")).text()
    form = {"csrf": hidden(page, "csrf"), "login": "els@example.org", "password": first}
    assert (await client.post("/console/sign-in", data=form)).status == 403


async def test_a_half_session_ends_by_itself(running: Running) -> None:
    admin = await running.sign_in("admin")
    first = first_password(await _added(admin))
    els = running.client()
    page = await (await els.get("/console/sign-in")).text()
    form = {"csrf": hidden(page, "csrf"), "login": "els@example.org", "password": first}
    page = await (await els.post("/console/sign-in", data=form)).text()
    chosen = {"csrf": hidden(page, "csrf"), "new": NEW, "again": NEW}
    running.clock.forward(minutes=11)
    answer = await els.post("/console/sign-in/password", data=chosen)
    assert answer.url.path == "/console/sign-in"
    assert (await els.get("/console/sign-in/password", allow_redirects=False)).status == 303


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"login": ""}, "Give a name and a login"),
        ({"name": " "}, "Give a name and a login"),
        ({"name": "x" * 121}, "120 characters"),
        ({"role": "king"}, "Choose a role"),
        ({"login": "ANNE"}, "already"),
    ],
)
async def test_what_is_wrong_with_a_new_person_is_said(running: Running, fields: dict[str, str], words: str) -> None:
    admin = await running.sign_in("admin")
    form = {"login": "els@example.org", "name": "Els", "role": "reader", "queues": "all", **fields}
    answer = await admin.send("/console/people/new", **form)
    page = await answer.text()
    assert answer.status in (409, 422)
    assert words in page
    if fields.get("login") != "":
        assert 'value="reader" checked' in page or "role" in fields


async def test_other_rights_end_sessions_and_hold_from_then_on(running: Running) -> None:
    admin, tom = await running.sign_in("admin"), await running.sign_in("tom")
    page = await admin.get(_person(running, "tom"))
    form = {"was": hidden(page, "was"), "role": "reader", "queues": "some", "queue-branches": "1"}
    page = await admin.post(_person(running, "tom"), **form)
    assert "The rights are changed" in page
    assert (await tom.client.get("/console/", allow_redirects=False)).status == 303
    user = await _user(running, "tom")
    assert (user.role, user.medical, user.queues) == ("reader", False, frozenset({"branches"}))
    # The page was made from what no longer holds.
    page = await admin.post(_person(running, "tom"), status=409, **{**form, "role": "supervisor"})
    assert "while the page was open" in page
    assert (await _user(running, "tom")).role == "reader"
    page = await admin.get(_person(running, "tom"))
    assert "Rights given by Nadia Peters" in page


async def test_an_administrator_has_no_right_to_medical_matters(running: Running) -> None:
    admin = await running.sign_in("admin")
    page = await admin.get(_person(running, "anne"))
    await admin.post(_person(running, "anne"), was=hidden(page, "was"), role="administrator", medical="1", queues="all")
    assert (await _user(running, "anne")).medical is False


async def test_nobody_changes_their_own_access(running: Running) -> None:
    admin = await running.sign_in("admin")
    own = _person(running, "admin")
    page = await admin.get(own)
    assert "This is your own access" in page
    for end in ("", "/disable", "/enable", "/end", "/password"):
        page = await admin.post(f"{own}{end}", status=409, role="supervisor", medical="1", queues="all", was="x")
        assert "your own access" in page, end
    user = await _user(running, "admin")
    assert (user.role, user.disabled) == ("administrator", False)


async def test_shut_out_let_in_and_signed_out(running: Running) -> None:
    admin, tom = await running.sign_in("admin"), await running.sign_in("tom")
    await admin.post(f"{_person(running, 'tom')}/end")
    assert (await tom.client.get("/console/", allow_redirects=False)).status == 303
    page = await admin.post(f"{_person(running, 'tom')}/disable")
    assert "shut out" in page
    assert (await _user(running, "tom")).disabled
    await admin.post(f"{_person(running, 'tom')}/enable")
    await running.sign_in("tom")
    async with running.house.store.read() as tx:
        acts = [change.act for change in await access.changes(tx, running.house.users["tom"])]
    assert acts == ["user.enabled", "user.disabled", "user.sessions", "user.added"]


async def test_a_new_password_for_who_forgot_theirs(running: Running) -> None:
    admin = await running.sign_in("admin")
    first = first_password(await admin.post(f"{_person(running, 'tom')}/password"))
    client = running.client()
    page = await (await client.get("/console/sign-in")).text()
    old = await client.post(
        "/console/sign-in", data={"csrf": hidden(page, "csrf"), "login": "tom", "password": PASSWORD}
    )
    assert old.status == 403
    page = await old.text()
    new = await client.post("/console/sign-in", data={"csrf": hidden(page, "csrf"), "login": "tom", "password": first})
    assert new.url.path == "/console/sign-in/password"


@pytest.mark.parametrize("end", ["/people/new", "", "/disable", "/enable", "/end", "/password"])
async def test_each_change_wants_the_password_again(running: Running, end: str) -> None:
    admin = await running.sign_in("admin")
    running.clock.forward(minutes=6)
    path = f"/console{end}" if end == "/people/new" else f"{_person(running, 'tom')}{end}"
    page = await admin.post(path, status=403, login="els", name="Els <b>", role="reader", queues="all")
    assert "Confirm that it is you" in page
    assert f'action="{path}"' in page
    assert "Els &lt;b&gt;" in page
    before = await _user(running, "tom")
    assert (before.role, before.disabled) == ("mediator", False)


async def test_nobody_of_that_number(running: Running) -> None:
    admin = await running.sign_in("admin")
    await admin.get("/console/people/999999", status=404)


def test_first_passwords_are_long_and_never_alike() -> None:
    made = {made_up() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"(?:[a-z2-9]{4}-){4}[a-z2-9]{4}", one) for one in made)
