"""What the house says about people: nothing (L1, L2, L3, L5).

Logs, error pages, metrics and readiness of a real `guichet run` are asked.
"""

from __future__ import annotations

import json
import re
import secrets
import smtplib
import sqlite3
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.gateway.embedded import Answer, Embedded, embedded

# Each stands for one thing that belongs to a person; none is a word that the house would say by itself.
CANARIES = {
    "name": "Qzname",
    "address": "qzaddress",
    "number": "0470007713",
    "text": "qztextword",
    "subject": "qzsubject",
    "file": "qzfilename",
    "token": "qztokenqztokenqztoken1",
    "query": "qzquery",
    "login": "qzlogin",
    "password": "qzpassword-is-long",
    "header": "qzheader",
    "key": "qzidempotency",
}
METRICS_TOKEN = "qzmetricstoken-of-the-tests"
MULTIPART = "qzboundary"


def _mail(number: int, *, body: bytes = b"", extra: bytes = b"") -> bytes:
    return (
        b"From: Qzname Voorbeeld\x1b[31m <qzaddress%d@mail.example>\r\nTo: ombudsman@partenamut.example\r\n"
        b"Subject: qzsubject =?utf-8?q?a=0Aqzheader=1B[31m?=\r\nMessage-ID: <qzheader-%d@mail.example>\r\n"
        b"X-Custom: qzheader\r\n%b\r\n%b"
    ) % (number, number, extra, body or b"qztextword %d, mon remboursement manque. Tel 0470007713\r\n" % number)


def _with_file(number: int, name: bytes, content_type: bytes, content: bytes) -> bytes:
    extra = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=qzboundary\r\n"
    body = (
        b"--qzboundary\r\nContent-Type: text/plain; charset=qztextword\r\n\r\nqztextword %d\r\n"
        b"--qzboundary\r\nContent-Type: %b; name=%b\r\nContent-Disposition: attachment; filename=%b\r\n\r\n%b\r\n"
        b"--qzboundary--\r\n"
    ) % (number, content_type, name, name, content)
    return _mail(number, body=body, extra=extra)


MAILS = (
    _mail(1),
    _with_file(2, b"qzfilename.pdf", b"application/pdf", b"%PDF-1.7 qztextword"),
    _with_file(3, b"winmail.dat", b"application/ms-tnef", b"\x78\x9f\x3e\x22\x01\x00qztextword\xff\xff\xff\x7f"),
    _with_file(4, b"qzfilename.p7m", b"application/pkcs7-mime", b"0\x80qztextword"),
    _with_file(5, b"qzfilename.ics", b"text/calendar", b"BEGIN:VCALENDAR\r\nqztextword\r\n"),
    _with_file(6, b"qzfilename.eml", b"message/rfc822", b"From: qzaddress\r\nContent-Type: multipart/x\r\n\r\n"),
    _mail(
        7,
        body=b"<html><p style=qztextword><table><![qztextword",
        extra=b"Content-Type: text/html; charset=qzheader\r\n",
    ),
    _mail(8, extra=b"From: qzaddress@second.example\r\nContent-Transfer-Encoding: qzheader\r\nDate: qzheader\r\n"),
    b"qztextword and no header at all",
    b"\r\n",
    b"\xff\xfeqztextword\x00\x1b[31m\r\n\r\n" + bytes(range(256)),
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A house that tells everything it can (GUICHET_DEBUG), with a mail server that nobody answers at."""
    options = {
        "GUICHET_DEBUG": "1",
        "GUICHET_SMTP_HOST": "127.0.0.1",
        "GUICHET_SMTP_PORT": "1",
        "GUICHET_SMTP_TLS": "none",
    }
    with embedded(tmp_path_factory.mktemp("logs"), GUICHET_METRICS_TOKEN=METRICS_TOKEN, **options) as running:
        running.start()
        yield running


def _json(house: Embedded, values: object, **headers: str) -> Answer:
    return house.ask(
        "/api/v1/messages?qzquery=1",
        data=json.dumps(values).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "qzheader", **headers},
    )


def _form(house: Embedded, path: str, **fields: str) -> Answer:
    return house.ask(path, data=urllib.parse.urlencode(fields).encode(), headers={"Referer": "http://qzquery.example/"})


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def _sign_in(house: Embedded, login: str, password: str) -> Answer:
    page = house.ask("/console/sign-in?next=qzquery")
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    body = urllib.parse.urlencode({**_hidden(page.text), "login": login, "password": password}).encode()
    return house.ask("/console/sign-in", data=body, headers={"Cookie": cookie})


STORY = {
    "name": "Qzname\n\x1b[31mVoorbeeld",
    "email": "qzaddress@mail.example",
    "phone": "0470007713",
    "subject": "qzsubject\r\nqzheader: x",
    "text": "qztextword\x1b]0;x\x07\n{qzquery} %(name)s",
    "qzheader": "qzheader",
}


def _through_every_door(house: Embedded) -> None:
    for raw in MAILS:
        house.mail(raw, sender="qzaddress@mail.example", to="ombudsman+qztoken@partenamut.example")
    with smtplib.LMTP("127.0.0.1", house.lmtp_port, timeout=20) as door:
        door.ehlo_or_helo_if_needed()
        assert door.docmd("MAIL", "FROM:<qzaddress@mail.example> qzheader=1")[0] == 555
        assert door.docmd("qzheader", "qztextword")[0] == 500
        assert door.mail("qzaddress@mail.example")[0] == 250
        assert door.rcpt("qzaddress@elsewhere.example")[0] == 550
    assert _json(house, STORY, **{"Idempotency-Key": "qzidempotency"}).status == 201
    assert _json(house, {**STORY, "text": "qztextword other"}, **{"Idempotency-Key": "qzidempotency"}).status == 422
    assert _json(house, {**STORY, "email": "qzaddress", "language": "qzheader"}).status == 422
    assert _json(house, ["qztextword"]).status == 422
    assert (
        house.ask("/api/v1/messages", data=b'{"text": "qztextword', headers={"Content-Type": "application/json"}).status
        == 400
    )
    parts = (
        b'--qzboundary\r\nContent-Disposition: form-data; name="text"\r\n\r\nqztextword\r\n'
        b'--qzboundary\r\nContent-Disposition: form-data; name="files"; filename="qzfilename.exe"\r\n\r\nqztextword\r\n'
        b"--qzboundary\r\nContent-Disposition: qzfilename; x=\xff\r\n\r\n\r\n--qzboundary--\r\n"
    )
    multipart = {"Content-Type": "multipart/form-data; boundary=qzboundary"}
    assert house.ask("/api/v1/messages", data=parts, headers=multipart).status < 500
    page = house.ask("/en/complaint")
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    body = urllib.parse.urlencode({**_hidden(page.text), **STORY}).encode()
    assert house.ask("/en/complaint", data=body, headers={"Cookie": cookie}).status == 303
    assert _form(house, "/en/complaint", text="qztextword").status in (403, 422)
    assert (
        house.command(
            "user", "add", "qzlogin@house.example", "--name", "Qzname", given="qzpassword-is-long\n"
        ).returncode
        == 0
    )
    assert _sign_in(house, "qzlogin@house.example", "qzpassword-is-long").status == 303
    for _ in range(7):
        assert _sign_in(house, "qzlogin@house.example", "qzpassword-is-long, not").status in (403, 429)
    for path in (
        "/en/c/{}",
        "/en/c/{}?new=1",
        "/{}",
        "/en/case?{}",
        "/console/case/{}",
        "/static/{}",
        "/api/v1/{}",
        "/../{}",
    ):
        assert house.ask(path.format("qztokenqztokenqztoken1")).status in (303, 404)


@contextmanager
def _damaged(house: Embedded, damage: str, repair: str) -> Iterator[None]:
    """The database as it is while something is wrong with it."""
    with closing(sqlite3.connect(house.folder / "data" / "guichet.db", isolation_level=None, timeout=20)) as other:
        other.execute(damage)
        try:
            yield
        finally:
            other.execute(repair)


def _with_the_store_down(house: Embedded) -> None:
    """Mail is put off and people are told so."""
    with _damaged(house, "ALTER TABLE inbox RENAME TO inbox_away", "ALTER TABLE inbox_away RENAME TO inbox"):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            house.mail(_mail(90), sender="qzaddress@mail.example")
        assert refused.value.smtp_code == 452
        assert _json(house, STORY).status == 503
        assert house.ready()[0] == 503


def _with_a_failure_that_nobody_foresaw(house: Embedded) -> None:
    """The driver's error then quotes the whole row that could not be written."""
    refuse = "CREATE TRIGGER broken BEFORE INSERT ON {} BEGIN SELECT RAISE(ABORT, 'qztextword'); END"
    with _damaged(house, refuse.format("cases"), "DROP TRIGGER broken"):
        house.mail(_mail(91), sender="qzaddress@mail.example")
        house.wait_for(lambda: "an item could not be recorded" in house.log(), "no failure was forced")
    with _damaged(house, refuse.format("links"), "DROP TRIGGER broken"):
        answer = _json(house, STORY)
        assert answer.status == 500
        _a_number_and_nothing_else(house, answer)
        assert json.loads(answer.text)["number"] in house.log()


def _a_number_and_nothing_else(house: Embedded, answer: Answer) -> None:
    _no_canary(answer.text)
    for inside in ("Traceback", ".py", "aiohttp", "Python", str(house.folder), "sqlite", "Error"):
        assert inside not in answer.text
    assert answer.headers["Server"] == "guichet"


def _no_canary(text: str) -> None:
    found = {what for what, word in CANARIES.items() if word.lower() in text.lower()}
    lines = [line for line in text.splitlines() if any(word.lower() in line.lower() for word in CANARIES.values())]
    assert not found, lines[:5]


def test_no_word_of_a_person_is_in_any_log(house: Embedded) -> None:
    _through_every_door(house)
    house.wait_for(lambda: _waiting(house) == 0, "items without a fate", 60)
    _with_the_store_down(house)
    _with_a_failure_that_nobody_foresaw(house)
    log = house.log()
    # The failures were really there, and said as such.
    assert '"event": "recorded"' in log
    assert "lmtp_store_unavailable" in log
    assert "an item could not be recorded" in log
    _no_canary(log)
    assert METRICS_TOKEN not in log


def _waiting(house: Embedded) -> float:
    lines = house.ask("/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("guichet_inbox_waiting "))


def test_one_event_is_one_line_without_control_characters(house: Embedded) -> None:
    lines = house.log().splitlines()
    said_to_the_operator = [line for line in lines if line.startswith("Guichet is at")]
    events = [line for line in lines if line not in said_to_the_operator]
    assert len(events) > 20
    assert all(isinstance(json.loads(line), dict) for line in events)
    assert all(line.isprintable() for line in lines)


def test_what_is_typed_as_a_value_stays_on_its_line_in_the_terminal_form_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import logging  # noqa: PLC0415 (only this test sets logging up in its own process)

    import structlog  # noqa: PLC0415

    from gateway import logs  # noqa: PLC0415

    try:
        for json_lines in (False, True):
            logs.configure(json_lines=json_lines, level="DEBUG")
            hostile = "a\nlevel=error forged\r\x1b[31m\u2028\u202e\x85b"
            structlog.get_logger("x").warning("odd", value=hostile, nested={"value": hostile}, items=[hostile])
            logging.getLogger("library").error("odd %s", hostile)
            try:
                raise ValueError(hostile)
            except ValueError:
                structlog.get_logger("x").exception("failed")
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 6
        assert all(line.isprintable() for line in said.splitlines())
        # What a library or an exception says may quote somebody.
        assert said.count("forged") == 6
    finally:
        logging.basicConfig(force=True, handlers=[])
        structlog.reset_defaults()


def _series(house: Embedded) -> set[str]:
    lines = house.ask("/metrics").text.splitlines()
    return {line.rpartition(" ")[0] for line in lines if line and not line.startswith("#")}


def test_a_thousand_odd_requests_add_no_series(house: Embedded) -> None:
    def ask(word: str) -> None:
        house.ask(f"/{word}", headers={"Host": f"{word}.example", "User-Agent": word})
        house.ask(f"/en/c/{word}?{word}")
        house.ask("/healthz", method=f"QZ{word.upper()[:6]}")
        house.ask(f"/console/case/{word}", headers={"X-Forwarded-For": word})

    # Every route and class of status that these can meet, the limit on bad links and /metrics itself included, has its
    # series by then.
    _series(house)
    for _ in range(40):
        ask(secrets.token_hex(8))
    before = _series(house)
    for _ in range(250):
        ask(secrets.token_hex(8))
    assert _series(house) == before
    assert not any(word in series.lower() for series in before for word in ("qz", "127.0.0.1", "/"))


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"]
)
def test_figures_and_reasons_are_not_for_those_behind_a_proxy(house: Embedded, header: str) -> None:
    through = {header: "127.0.0.1"}
    assert house.ask("/metrics", headers=through).status == 404
    assert json.loads(house.ask("/readyz", headers=through).text).keys() == {"ready"}
    wrong = {**through, "Authorization": f"Bearer {METRICS_TOKEN}x"}
    assert house.ask("/metrics", headers=wrong).status == 404
    right = {**through, "Authorization": f"Bearer {METRICS_TOKEN}"}
    assert house.ask("/metrics", headers=right).status == 200
    assert "reasons" in json.loads(house.ask("/readyz", headers=right).text)
    assert house.ask("/healthz", headers=through).text == "ok\n"


def test_readiness_and_figures_hold_no_person_path_or_secret(house: Embedded) -> None:
    said = house.ask("/metrics").text + house.ask("/readyz").text
    _no_canary(said)
    assert METRICS_TOKEN not in said
    assert str(house.folder) not in said
    assert "partenamut" not in said


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/qztextword", "GET"),
        ("/en/c/qztokenqztokenqztoken1", "GET"),
        ("/api/v1/qztextword", "GET"),
        ("/healthz", "POST"),
        ("/console/case/qztextword", "GET"),
    ],
)
def test_an_error_page_gives_a_number_and_nothing_of_the_house(house: Embedded, path: str, method: str) -> None:
    answer = house.ask(path, method=method)
    assert answer.status in (303, 404, 405, 429)
    _a_number_and_nothing_else(house, answer)


def test_config_hides_every_secret(tmp_path: Path) -> None:
    boxes = tmp_path / "boxes.yaml"
    boxes.write_text("mailboxes: [{address: a@house.example, imap_password: qzpassword}]", encoding="utf-8")
    given = {
        "GUICHET_SECRET_KEY": "qzsecret-key-that-is-long-enough-for-it",
        "GUICHET_METRICS_TOKEN": "qzsecret-token",
        "GUICHET_SMTP_PASSWORD": "qzsecret-smtp",
        "GUICHET_MAILBOXES": str(boxes),
        "DATABASE_URL": "postgresql://guichet:qzsecret@db.example/guichet",
        "REDIS_URL": "redis://:qzsecret@redis.example/0",
    }
    with embedded(tmp_path / "house", **given) as house:
        shown = house.command("config")
    assert shown.returncode == 0
    assert "qz" not in shown.stdout + shown.stderr
    assert "db.example" in shown.stdout
    assert "secret_key = **********" in shown.stdout
