"""Every mail that leaves for colleagues, departments and readers of the report: nothing in it comes from a member (C6, S2), and
nothing that a member or a colleague is called becomes a header (M5). Each is composed and read as it would leave."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, CookieJar
from sqlalchemy import select, update

from channels.mail.compose import compose
from channels.message import OutboundMessage
from classifier import pipeline
from console.passwords import hash_password
from gateway.clock import Clock
from report.month import HOUSE, month_report
from store import reports, schema, users
from tests.console.conftest import Browser, hidden
from tests.gateway.conftest import OMBUDSMAN, Gateway
from tests.gateway.whole_house import PASSWORD, whole_house

LENA, DEPARTMENT, BOARD = "lena@house.example", "incap@mutual.example", "board@house.example"
MEMBER = "qzmarie@mail.example"
# What a member writes, and what is known of them: none of it leaves for anybody but them.
CANARIES = ("zwartwater", "qzmarie", "insuline", "470 00 11 03", "evil")
# What a text of ours could say of somebody's matter; the report, which is of everybody, names it as a kind of matter.
HEALTH = ("médecin-conseil", "adviserend", "Vertrauensarzt", "medical adviser")
HEADERS = {
    *("from", "to", "reply-to", "subject", "date", "message-id", "x-guichet", "auto-submitted", "content-type"),
    *("x-auto-response-suppress", "content-language", "mime-version", "content-transfer-encoding"),
}
CALLED = (
    "Zwartwater\r\nBcc: evil@evil.example\r\n\r\nevil",
    "Zwartwater\u202e\u2028Bcc: evil@evil.example\x85Subject: evil",
    "Zwartwater {subject} {{ 7*7 }} %s =?utf-8?q?=0ABcc:_evil@evil.example?=" + "W" * 300,
)


def _mail(called: str, number: int, text: str, to: str = OMBUDSMAN) -> bytes:
    """A mail in which everything is called so, as a sender may encode it."""
    word = f"=?utf-8?b?{b64encode(called.encode()).decode()}?="
    return (
        f"From: {word} <{MEMBER}>\r\nTo: {to}\r\nSubject: {word}\r\nMessage-ID: <q{number}@mail.example>\r\n"
        "Authentication-Results: mx.partenamut.example; dmarc=pass header.from=mail.example\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text} {called}\r\n0470 00 11 03\r\n"
        f"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''{quote(called)}.pdf\r\n\r\n"
        "%PDF-1.7\r\n--b--\r\n"
    ).encode()


async def _staffed(gateway: Gateway, called: str) -> None:
    hashed = hash_password(PASSWORD)
    async with gateway.house.store.write() as tx:
        await users.add(
            tx,
            login=LENA,
            # Her name goes into mails, as whose they are: whatever it holds, it stays a name.
            name=called.replace("Zwartwater", "Lena").replace("evil", "lena"),
            role="supervisor",
            medical=True,
            password=hashed,
            actor="test",
            now=gateway.house.now(),
        )


async def _signed_in(session: ClientSession) -> Browser:
    page = await (await session.get("/console/sign-in")).text()
    fields = {"csrf": hidden(page, "csrf"), "login": LENA, "password": PASSWORD, "next": "/console/"}
    page = await (await session.post("/console/sign-in", data=fields)).text()
    client: Any = session
    return Browser(client, hidden(page, "csrf"), page)


async def _handled(gateway: Gateway, base_url: str) -> None:
    """Everything that a supervisor does which mails somebody."""
    async with gateway.house.store.read() as tx:
        query = select(schema.cases.c.reference).where(schema.cases.c.sealed.is_(False)).order_by(schema.cases.c.id)
        reference = (await tx.conn.scalars(query)).first()
    async with ClientSession(base_url, cookie_jar=CookieJar(unsafe=True)) as session:
        lena, path = await _signed_in(session), f"/console/case/{reference}"
        await lena.get(path)
        await lena.post(f"{path}/ask", department="incapacity", text="Depuis quand attend-on ?")
        await lena.get(path)
        await lena.post(f"{path}/note", text="Voyez avec Luc.")
        await lena.get(path)
        await lena.post(f"{path}/move", queue="triage")
        await lena.get("/console/texts/compliment")
        await lena.post("/console/texts/compliment/try", way="email", language="fr")
        await lena.get("/console/channels")
        await lena.post("/console/channels/test", account=OMBUDSMAN)


async def _reported(gateway: Gateway) -> None:
    """The month is over: a supervisor is reminded, writes, approves, and its readers are told."""
    now, month = gateway.house.now(), gateway.house.now().date().replace(day=1)
    after = datetime.combine((month + timedelta(days=32)).replace(day=10), datetime.min.time(), UTC)
    await Clock(gateway.house).tick(after)
    report = await month_report(gateway.house.store, HOUSE, month, today=date(after.year, after.month, 10))
    async with gateway.house.store.write() as tx:
        lena = await users.by_login(tx, LENA)
        assert lena is not None
        await reports.write(tx, month, "Le mois fut long.", version=0, user_id=lena.id, now=now)
        await reports.approve(tx, month, report.model_dump_json(), version=1, user_id=lena.id, now=now)
    await Clock(gateway.house).tick(after + timedelta(hours=1))


async def _all_left(gateway: Gateway) -> list[OutboundMessage]:
    """Whatever waits goes now; returns what is not for the member."""
    for _ in range(3):
        async with gateway.house.store.write() as tx:
            waiting = update(schema.outbox).where(schema.outbox.c.state == "waiting")
            await tx.conn.execute(waiting.values(due_at=gateway.house.now() - timedelta(seconds=1)))
        await gateway.work()
    return [message for message in gateway.sink.sent if message.recipient != MEMBER]


def _words_of(mail: EmailMessage) -> str:
    """Every word of a mail, of its headers and of its files."""
    parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    text = " ".join(bytes(part).decode("utf-8", "replace") for part in parts if isinstance(part, bytes))
    names = [str(part.get_filename() or "") for part in mail.walk()]
    return " ".join([text, *names, *(str(value) for value in mail.values())]).casefold()


@pytest.mark.parametrize("called", CALLED, ids=["line breaks", "marks", "templates"])
async def test_nothing_of_a_member_is_in_a_mail_to_anybody_else(
    tmp_path: Path, model: pipeline.Classifier, monkeypatch: pytest.MonkeyPatch, called: str
) -> None:
    async def plain(text: str) -> bytes:
        return text.encode()

    # The paper comes as the page that it is made of, which can be read here.
    monkeypatch.setattr("console.report_files.make_pdf", plain)
    monkeypatch.chdir(tmp_path)
    given: dict[str, Any] = {"department_mail": {"incapacity": DEPARTMENT}, "report_to": BOARD}
    async with whole_house(tmp_path / "data", model, **given) as whole:
        gateway = whole.gateway
        await _staffed(gateway, called)
        urgent = "Bonjour, je n'ai plus d'insuline ni de quoi payer mes médicaments, je veux mourir. Mon indemnité ne vient pas."
        adviser = "Je me plains de votre médecin-conseil, qui m'a mal reçue lors de la convocation."
        for number, text in enumerate((urgent, adviser)):
            await gateway.mail(_mail(called, number, text), sender=MEMBER)
        await _handled(gateway, whole.base_url)
        await Clock(gateway.house).tick(gateway.house.now() + timedelta(days=60))
        await _reported(gateway)
        left = await _all_left(gateway)
        house = gateway.house
        kinds = {message.key.partition("-")[0] for message in left}
        assert kinds == {"tell", "question", "try", "test", "report_reminder", "report"}
        assert {message.recipient for message in left} == {LENA, DEPARTMENT, BOARD, OMBUDSMAN}
        for message in left:
            made = compose(message, house.mailbox_for("fr"), keys=house.tag_keys, instance="test", now=house.now())
            mail = message_from_bytes(made.data, policy=default)
            assert isinstance(mail, EmailMessage)
            names = [name.lower() for name in mail]
            assert set(names) <= HEADERS, message.key
            assert len(names) == len(set(names)), message.key
            assert [one.addr_spec for one in mail["to"].addresses] == [message.recipient]
            assert len(str(mail["subject"]).splitlines()) == 1
            said = _words_of(mail)
            assert not [word for word in CANARIES if word in said], (message.key, said)
            ours = f"{message.subject} {message.text}".casefold()
            assert not [word for word in HEALTH if word.casefold() in ours], (message.key, ours)
            assert "le mois fut long" not in ours
