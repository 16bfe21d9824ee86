"""Signing in with an account elsewhere (rule S7): a real provider, and one of our own with one defect at a time."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, unused_port
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from console.oidc import Relation, is_safe
from console.passwords import verify
from store import users
from store.schema import identities, kept_forms
from store.users import User
from tests.console.conftest import Clock, Running, hidden, started
from tests.console.example_house import House
from tests.console.issuer import CLIENT_ID, CLIENT_SECRET, Issuer
from tests.servers.oidc import OidcServer

Client = TestClient[web.Request, web.Application]
ROLES: Any = (("direction", "supervisor"), ("mediation", "mediator"), ("cn=readers,dc=example", "reader"))
BACK = "/console/sign-in/account/back"


def relation(issuer: str, **changed: Any) -> Relation:
    return Relation(**{"issuer": issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "roles": ROLES,
                       "name": "Example", **changed})  # fmt: skip


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """One that does everything right until it is told otherwise."""
    made = Issuer(Clock())
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def house(furnished: tuple[Path, House], tmp_path: Path, issuer: Issuer) -> AsyncIterator[Running]:
    """A console that believes this issuer."""
    async with started(furnished, tmp_path, oidc=relation(issuer.name)) as running:
        issuer.clock = running.clock
        yield running


async def leave(client: Client, issuer: Issuer, next_: str = "/console/mine") -> str:
    """Go to the issuer; the query with which it sends the browser back."""
    answer = await client.get(f"/console/sign-in/account?next={next_}", allow_redirects=False)
    assert answer.status == 303, await answer.text()
    return issuer.sent(answer.headers["Location"])


async def back(client: Client, query: str) -> ClientResponse:
    """Come back; not further than to the page that this leads to."""
    return await client.get(f"{BACK}?{query}", allow_redirects=False)


async def person(running: Running, issuer: Issuer, subject: str = "248289761001") -> User | None:
    async with running.house.store.read() as tx:
        query = select(identities.c.user_id).where(identities.c.issuer == issuer.name, identities.c.subject == subject)
        user_id = (await tx.conn.execute(query)).scalar()
        return await users.by_id(tx, user_id) if user_id is not None else None


async def test_a_right_account_is_in_with_the_role_of_its_groups(house: Running, issuer: Issuer) -> None:
    client = house.client()
    answer = await back(client, await leave(client, issuer))
    assert (answer.status, answer.headers["Location"]) == (303, f"{house.base_url}/console/mine")
    page = await (await client.get("/console/me")).text()
    assert "Els Maes" in page
    user = await person(house, issuer)
    assert user is not None
    assert (user.login, user.role, user.medical, user.queues) == ("els@example.org", "mediator", False, None)
    # What was asked: code flow, PKCE with S256, and only the address of ours.
    asked = issuer.asked
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == f"{house.base_url}{BACK}"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43
    (exchanged,) = issuer.exchanged
    digest = hashlib.sha256(exchanged["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert exchanged["basic"] == "guichet:a%20secret%20between%20the%20two"


Change = Callable[[Issuer], None]


def lay(**claims: Any) -> Change:
    return lambda issuer: issuer.claims.update(claims)


def header(**fields: Any) -> Change:
    return lambda issuer: issuer.header.update(fields)


def configured(**fields: Any) -> Change:
    return lambda issuer: issuer.configuration.update(fields)


def signs_with_a_stranger(issuer: Issuer) -> None:
    issuer.signs_with = issuer.other


def signs_by_a_key_it_brings(issuer: Issuer) -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "three"})
    issuer.signs_with = stranger
    issuer.header = {"kid": "three", "jwk": stranger.as_dict(private=False)}


def publishes_an_hmac_key(issuer: Issuer) -> None:
    issuer.published = [OctKey.generate_key(256, {"kid": "one"})]


def is_unsigned(issuer: Issuer) -> None:
    issuer.token = issuer.unsigned()


def is_by_hmac(issuer: Issuer) -> None:
    issuer.token = issuer.by_hmac()


def is_cut(issuer: Issuer) -> None:
    issuer.token = issuer.signed()[:-20]


def is_nonsense(issuer: Issuer) -> None:
    issuer.token = "a.b.c"


def refuses(issuer: Issuer) -> None:
    issuer.status = 400


NOW = int(Clock()().timestamp())
DEFECTS: dict[str, tuple[str, Change]] = {
    "another issuer": ("issuer", lay(iss="https://evil.example")),
    "an issuer with a slash": ("issuer", lambda issuer: issuer.claims.update(iss=f"{issuer.name}/")),
    "no issuer": ("issuer", lay(iss=None)),
    "another audience": ("audience", lay(aud="another")),
    "no audience": ("audience", lay(aud=None)),
    "an audience that is no name": ("audience", lay(aud={"guichet": 1})),
    "several without a party": ("party", lay(aud=[CLIENT_ID, "another"])),
    "several for another party": ("party", lay(aud=[CLIENT_ID, "another"], azp="another")),
    "one for another party": ("party", lay(azp="another")),
    "expired": ("expired", lay(exp=NOW - 61)),
    "no end": ("expired", lay(exp=None)),
    "an end in words": ("expired", lay(exp="tomorrow")),
    "made long ago": ("time", lay(iat=NOW - 61)),
    "made in the future": ("time", lay(iat=NOW + 61)),
    "made at no time": ("time", lay(iat=None)),
    "another nonce": ("nonce", lay(nonce="another")),
    "no nonce": ("nonce", lay(nonce=None)),
    "a nonce that is no text": ("nonce", lay(nonce=5)),
    "no subject": ("subject", lay(sub=None)),
    "an empty subject": ("subject", lay(sub="")),
    "a subject too long": ("subject", lay(sub="x" * 256)),
    "a stranger's key of that name": ("signature", signs_with_a_stranger),
    "a key that the token brings": ("key", signs_by_a_key_it_brings),
    "a key of no name that we know": ("key", header(kid="nobody")),
    "an HMAC key published": ("key", publishes_an_hmac_key),
    "unsigned": ("algorithm", is_unsigned),
    "HMAC with our secret": ("algorithm", is_by_hmac),
    "cut off": ("signature", is_cut),
    "nonsense": ("signature", is_nonsense),
    "refused": ("refused", refuses),
    "a configuration of another issuer": ("configuration", configured(issuer="https://evil.example")),
    "a token end point without https": ("configuration", configured(token_endpoint="http://evil.example/token")),
    "no keys": ("configuration", configured(jwks_uri=None)),
}


@pytest.mark.parametrize("defect", DEFECTS)
async def test_one_defect_refuses(
    house: Running, issuer: Issuer, capsys: pytest.CaptureFixture[str], defect: str
) -> None:
    reason, change = DEFECTS[defect]
    client = house.client()
    at_start = reason == "configuration"
    if at_start:
        change(issuer)
        answer = await client.get("/console/sign-in/account", allow_redirects=False)
    else:
        query = await leave(client, issuer)
        change(issuer)
        answer = await back(client, query)
    assert answer.headers["Location"] == f"{house.base_url}/console/sign-in?account=other"
    assert await person(house, issuer) is None
    assert (await client.get("/console/", allow_redirects=False)).status == 303
    logged = capsys.readouterr().out
    assert re.search(rf"reason=.?{reason}", logged)
    assert "els@" not in logged
    page = await (await client.get("/console/sign-in?account=other")).text()
    assert "did not understand each other" in page


async def test_several_audiences_for_us_and_clocks_a_minute_apart_are_right(house: Running, issuer: Issuer) -> None:
    client = house.client()
    query = await leave(client, issuer)
    issuer.claims = {"aud": ["another", CLIENT_ID], "azp": CLIENT_ID, "iat": NOW - 60, "exp": NOW - 59}
    assert (await back(client, query)).headers["Location"].endswith("/console/mine")


async def test_an_elliptic_curve_is_right_and_new_keys_are_fetched(house: Running, issuer: Issuer) -> None:
    client = house.client()
    query = await leave(client, issuer)
    issuer.header, issuer.signs_with = {"alg": "ES256", "kid": "two"}, issuer.curve
    assert (await back(client, query)).headers["Location"].endswith("/console/mine")


@pytest.mark.parametrize("change", ["state=another", "", "iss=https://evil.example"])
async def test_an_answer_to_no_question_of_this_browser_is_refused(house: Running, issuer: Issuer, change: str) -> None:
    client = house.client()
    query = await leave(client, issuer)
    wrong = f"{query}&{change}" if change.startswith("iss") else f"code=a-code&{change}"
    answer = await back(client, wrong)
    assert "account=other" in answer.headers["Location"]
    assert issuer.exchanged == []
    # And it cannot be tried again: what was asked is forgotten.
    assert "account=other" in (await back(client, query)).headers["Location"]


async def test_another_browser_cannot_use_the_answer(house: Running, issuer: Issuer) -> None:
    query = await leave(house.client(), issuer)
    stranger = house.client()
    assert "account=other" in (await back(stranger, query)).headers["Location"]
    await leave(stranger, issuer)
    assert "account=other" in (await back(stranger, query)).headers["Location"]
    assert issuer.exchanged == []


async def test_an_answer_after_ten_minutes_is_too_late(house: Running, issuer: Issuer) -> None:
    client = house.client()
    query = await leave(client, issuer)
    house.clock.forward(minutes=11)
    assert "account=other" in (await back(client, query)).headers["Location"]


async def test_who_says_no_at_the_issuer_is_told_so(house: Running, issuer: Issuer) -> None:
    client = house.client()
    query = (await leave(client, issuer)).replace("code=a-code", "error=access_denied")
    assert "account=denied" in (await back(client, query)).headers["Location"]


@pytest.mark.parametrize("groups", [None, [], "everybody", ["Mediation"], {"mediation": True}, [["mediation"]]])
async def test_who_is_in_no_listed_group_is_not_in(house: Running, issuer: Issuer, groups: Any) -> None:
    client = house.client()
    query = await leave(client, issuer)
    issuer.claims["groups"] = groups
    assert "account=no_role" in (await back(client, query)).headers["Location"]
    assert await person(house, issuer) is None


async def test_the_first_listed_group_counts(house: Running, issuer: Issuer) -> None:
    client = house.client()
    query = await leave(client, issuer)
    issuer.claims["groups"] = ["cn=readers,dc=example", "mediation", "direction"]
    await back(client, query)
    user = await person(house, issuer)
    assert user is not None
    assert user.role == "supervisor"


async def test_groups_may_stand_in_userinfo_of_the_same_person(house: Running, issuer: Issuer) -> None:
    issuer.configuration["userinfo_endpoint"] = f"{issuer.name}/userinfo"
    client = house.client()
    query = await leave(client, issuer)
    issuer.claims["groups"] = None
    issuer.userinfo = {"sub": "another", "groups": ["direction"]}
    assert "account=other" in (await back(client, query)).headers["Location"]
    issuer.userinfo["sub"] = "248289761001"
    assert (await back(client, await leave(client, issuer))).headers["Location"].endswith("/console/mine")


async def test_an_address_never_leads_to_somebody_who_is_here(house: Running, issuer: Issuer) -> None:
    client = house.client()
    query = await leave(client, issuer)
    issuer.claims["email"] = "anne"
    await back(client, query)
    user = await person(house, issuer)
    assert user is not None
    assert user.id != house.house.users["anne"]
    assert user.login.startswith("account-")
    assert not user.medical


async def test_an_address_that_nobody_has_verified_is_not_used(house: Running, issuer: Issuer) -> None:
    client = house.client()
    query = await leave(client, issuer)
    issuer.claims["email_verified"] = "true"
    await back(client, query)
    user = await person(house, issuer)
    assert user is not None
    assert user.login.startswith("account-")


async def test_another_group_is_another_role_and_none_ends_every_session(house: Running, issuer: Issuer) -> None:
    first, second = house.client(), house.client()
    await back(first, await leave(first, issuer))
    issuer.claims["groups"] = ["direction"]
    await back(second, await leave(second, issuer))
    assert (await first.get("/console/", allow_redirects=False)).status == 303
    assert (await second.get("/console/quarantine")).status == 200
    issuer.claims["groups"] = []
    await back(first, await leave(first, issuer))
    assert (await second.get("/console/", allow_redirects=False)).status == 303


async def test_who_is_shut_out_stays_out(house: Running, issuer: Issuer) -> None:
    client = house.client()
    await back(client, await leave(client, issuer))
    user = await person(house, issuer)
    assert user is not None
    async with house.house.store.write() as tx:
        await users.disable(tx, user.id, actor="test", now=house.clock())
    assert "account=disabled" in (await back(client, await leave(client, issuer))).headers["Location"]
    assert (await client.get("/console/", allow_redirects=False)).status == 303


async def test_an_issuer_that_cannot_be_reached_is_named(house: Running, issuer: Issuer) -> None:
    await issuer.stop()
    client = house.client()
    answer = await client.get("/console/sign-in/account")
    page = await answer.text()
    assert "Example cannot be reached just now" in page
    assert 'name="password"' in page


async def test_who_has_an_account_elsewhere_has_no_password_here(house: Running, issuer: Issuer) -> None:
    client = house.client()
    await back(client, await leave(client, issuer))
    for password in ("", "nobody has this password"):
        assert not await verify("", password)


async def test_an_account_is_fresh_proof_when_it_is_given_anew(house: Running, issuer: Issuer) -> None:
    client = house.client()
    await back(client, await leave(client, issuer))
    house.clock.forward(minutes=6)
    page = await (await client.get("/console/me/second-step")).text()
    assert "Confirm that it is you" in page
    assert "/console/sign-in/account" in page
    query = await leave(client, issuer)
    assert (await back(client, query)).status == 303
    page = await (await client.get("/console/me/second-step")).text()
    assert "Set up the second step" in page


async def test_what_was_filled_in_waits_for_who_proves_elsewhere(house: Running, issuer: Issuer) -> None:
    client = house.client()
    await back(client, await leave(client, issuer))
    page = await (await client.get("/console/me")).text()
    house.clock.forward(minutes=6)
    typed = {"csrf": hidden(page, "csrf"), "offer": "what was offered <&>", "code": "12 34"}
    page = await (await client.post("/console/me/second-step", data=typed)).text()
    assert 'href="/console/sign-in/account?next=/console/proof/kept"' in page
    query = await leave(client, issuer, "/console/proof/kept")
    answer = await back(client, query)
    assert answer.headers["Location"] == f"{house.base_url}/console/proof/kept"
    page = await (await client.get("/console/proof/kept")).text()
    assert 'action="/console/me/second-step"' in page
    assert hidden(page, "offer") == typed["offer"]
    assert hidden(page, "code") == "12 34"
    # Under the new session's token it goes to the same handler, which asks for no proof any more.
    data = {name: hidden(page, name) for name in ("csrf", "offer", "code")}
    page = await (await client.post("/console/me/second-step", data=data)).text()
    assert "Set up the second step" in page
    # Nothing of it lies there to be read.
    async with house.house.store.read() as tx:
        (content,) = (await tx.conn.execute(select(kept_forms.c.content))).scalars()
    assert b"offered" not in content
    # Ten minutes later it waits no more.
    house.clock.forward(minutes=11)
    gone = await client.get("/console/proof/kept")
    assert gone.status == 404
    assert "what was offered" not in await gone.text()


async def test_what_waits_is_its_persons_alone(house: Running, issuer: Issuer) -> None:
    client = house.client()
    await back(client, await leave(client, issuer))
    page = await (await client.get("/console/me")).text()
    house.clock.forward(minutes=6)
    typed = {"csrf": hidden(page, "csrf"), "offer": "mine", "code": "1"}
    await client.post("/console/me/second-step", data=typed)
    # Somebody else signs in at the same desk.
    query = await leave(client, issuer, "/console/proof/kept")
    issuer.claims.update(sub="another", email="rob@example.org", name="Rob")
    await back(client, query)
    answer = await client.get("/console/proof/kept")
    assert answer.status == 404
    async with house.house.store.read() as tx:
        assert (await tx.conn.execute(select(kept_forms))).all() == []


async def test_without_an_issuer_there_is_nothing_here(running: Running) -> None:
    client = running.client()
    assert (await client.get("/console/sign-in/account")).status == 404
    assert (await client.get(f"{BACK}?code=x&state=x")).status == 404
    assert "/console/sign-in/account" not in await (await client.get("/console/sign-in")).text()


def test_addresses_of_an_issuer_are_https_or_loopback() -> None:
    assert is_safe("https://id.example.org/token")
    assert is_safe("http://127.0.0.1:9/token")
    for wrong in ("http://id.example.org/", "ftp://id.example.org", "https://", "https://[", None, 5):
        assert not is_safe(wrong)


# --- a real provider -------------------------------------------------------------------------------------------------


@pytest.fixture
def provider() -> Iterator[tuple[OidcServer, int]]:
    """npm's oidc-provider, and the port of the console that it knows."""
    port = unused_port()
    server = OidcServer(f"http://127.0.0.1:{port}{BACK}")
    server.start()
    yield server, port
    server.stop()


@pytest.mark.servers
async def test_a_real_provider(
    furnished: tuple[Path, House], tmp_path: Path, provider: tuple[OidcServer, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, port = provider
    known = relation(server.issuer, client_secret=server.client_secret)
    async with started(furnished, tmp_path, oidc=known, port=port) as running:
        # Its clock is that of the machine.
        running.clock.now = running.clock.now.now(running.clock.now.tzinfo)
        client = running.client()
        page = await (await client.get("/console/sign-in?next=/console/mine")).text()
        assert "Sign in with Example" in page
        answer = await client.get("/console/sign-in/account?next=/console/mine")
        page = await answer.text()
        # Its own pages for development: a login, and then what may be told.
        while answer.url.port == server.port:
            action = re.findall(r'<form[^>]*action="([^"]+)"', page)
            assert action, page[:1500]
            form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
            answer = await client.session.post(action[0], data={**form, "login": "els:mediation", "password": "x"})
            page = await answer.text()
        assert answer.url.path == "/console/mine", (str(answer.url), page[:800])
        assert hidden(page, "csrf")
        user = await person(running, Issuer(running.clock, port=server.port), "els:mediation")
        assert user is not None
        assert (user.name, user.role, user.login) == ("els", "mediator", "els@example.org")
        assert parse_qs(urlsplit(str(answer.url)).query) == {}
        await _a_form_waits(running, client)


async def _a_form_waits(running: Running, client: Client) -> None:
    """What is filled in and wants a fresh proof waits while its person goes to the provider, who remembers them."""
    page = await (await client.get("/console/me")).text()
    running.clock.forward(minutes=6)
    typed = {"csrf": hidden(page, "csrf"), "offer": "as it was", "code": "1"}
    page = await (await client.post("/console/me/second-step", data=typed)).text()
    running.clock.now -= timedelta(minutes=6)
    (way,) = re.findall(r'href="(/console/sign-in/account[^"]*)"', page)
    answer = await client.get(way)
    page = await answer.text()
    while answer.url.port != running.server.port:
        action = re.findall(r'<form[^>]*action="([^"]+)"', page)
        assert action, page[:1500]
        form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
        answer = await client.session.post(action[0], data={**form, "login": "els:mediation", "password": "x"})
        page = await answer.text()
    assert answer.url.path == "/console/proof/kept", page[:1500]
    assert hidden(page, "offer") == "as it was"
