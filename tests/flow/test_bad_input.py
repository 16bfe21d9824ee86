"""One `guichet run` and everything that should never be sent to it: each gets an answer or is kept, and the next mail is
served as if nothing had happened."""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import os
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.flow.procfile import GUICHET, Processes
from tests.servers.process import free_port

LIMIT = 60 * 1024 * 1024
MOST_MEMORY = 500 * 1024 * 1024
OMBUDSMAN = "ombudsman@partenamut.example"
STORY = "Bonjour, mon remboursement de kiné n'est toujours pas arrivé après trois mois. Alix Voorbeeld"
_NUMBERS = itertools.count(1)


def lmtp(port: int, body: bytes, sender: str = "alix@mail.example") -> str:
    """Hand over one mail, exactly these bytes, and return the last reply."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection, connection.makefile("rb") as lines:

        def reply() -> str:
            while True:
                line: bytes = lines.readline()
                if line[3:4] != b"-":
                    return line.decode().strip()

        def say(text: str) -> str:
            connection.sendall(f"{text}\r\n".encode())
            return reply()

        assert reply().startswith("220")
        assert say("LHLO test.example").startswith("250")
        assert say(f"MAIL FROM:<{sender}>").startswith("250")
        assert say(f"RCPT TO:<{OMBUDSMAN}>").startswith("250")
        assert say("DATA").startswith("354")
        stuffed = body.replace(b"\r\n.", b"\r\n..")
        if body and not body.endswith(b"\r\n"):
            stuffed += b"\r\n"
        connection.sendall(stuffed + b".\r\n")
        return reply()


@dataclass
class Watch(threading.Thread):
    """Follows the memory of one process. Its children, bounded for themselves, do not count."""

    pid: int
    most: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        process = psutil.Process(self.pid)
        while not self.ended.wait(0.05):
            try:
                self.most = max(self.most, process.memory_info().rss)
            except psutil.NoSuchProcess:
                return


@dataclass
class Embedded:
    """A running `guichet run`, its doors and its data folder."""

    processes: Processes
    watch: Watch

    @property
    def data(self) -> Path:
        return Path(self.processes.environment["GUICHET_DATA"])

    def mail(self, body: bytes, sender: str = "alix@mail.example") -> str:
        return lmtp(int(self.processes.environment["GUICHET_LMTP_PORT"]), body, sender)

    def items(self) -> list[tuple[int, str, str | None, int]]:
        """(id, state, fate, size) of everything that was taken in."""
        return self.asked("SELECT id, state, fate, size FROM inbox ORDER BY id")

    def asked(self, query: str) -> list[Any]:
        """What the register answers to a query."""
        database = sqlite3.connect(self.data / "guichet.db", timeout=30)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def fate(self, number: int, seconds: float = 60) -> str:
        """The fate of the item that was taken in as number so and so (from 0)."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self.items()
            if len(found) > number and found[number][2]:
                return str(found[number][2])
            time.sleep(0.1)
        raise AssertionError(f"no fate within {seconds} s: {self.items()[-3:]}\n{self.processes.logs()}")

    def answers_to(self, address: str) -> list[email.message.EmailMessage]:
        """The mails that went out to an address."""
        found = []
        for path in sorted((self.data / "sent").glob("*.eml")):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if address in str(mail["To"]):
                found.append(mail)
        return found

    def still_serves(self, seconds: float = 30) -> email.message.EmailMessage:
        """An ordinary mail gets its acknowledgement, soon."""
        number = next(_NUMBERS)
        address = f"ordinary{number}@mail.example"
        raw = f"From: Alix Voorbeeld <{address}>\r\nMessage-ID: <o{number}@mail.example>\r\nSubject: dossier\r\n"
        raw += f"Content-Type: text/plain; charset=utf-8\r\n\r\n{STORY}\r\nNuméro {number}.\r\n"
        assert self.mail(raw.encode(), address).startswith("250")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if answers := self.answers_to(address):
                return answers[0]
            time.sleep(0.1)
        raise AssertionError(f"no answer within {seconds} s\n{self.processes.logs()}")

    def post(self, path: str, body: bytes, content_type: str, timeout: float = 60) -> tuple[int, bytes]:
        """(status, body) of a POST, whatever the status."""
        request = urllib.request.Request(self.processes.url(path), data=body, headers={"Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One embedded house for all tests of this file: what one of them breaks, the next ones find."""
    folder = tmp_path_factory.mktemp("embedded")
    environment = {
        "GUICHET_DATA": str(folder / "data"),
        "PORT": str(free_port()),
        "GUICHET_LMTP_PORT": str(free_port()),
        "GUICHET_MIN_FREE_MB": "0",
        "GUICHET_MIN_FREE_PERCENT": "0",
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }
    processes = Processes(folder, environment)
    with (folder / "all.log").open("ab") as log:
        processes.running["all"] = subprocess.Popen(
            [str(GUICHET), "run"], env=os.environ | environment, cwd=folder, stdout=log, stderr=log
        )
    watch = Watch(processes.running["all"].pid)
    watch.start()
    try:
        processes.wait_until_ready(120)
        yield Embedded(processes, watch)
    finally:
        watch.ended.set()
        processes.end_all()


def nested(depth: int) -> bytes:
    """Multiparts within each other, opened and never closed, with a story in the innermost."""
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(depth)
    )
    return (
        HEAD + b"Message-ID: <nested@mail.example>\r\nMIME-Version: 1.0\r\n" + opened + b"\r\n" + STORY.encode() + b" 1"
    )


def flat(parts: int) -> bytes:
    """Very many parts beside each other."""
    body = b"".join(b"--b\r\nContent-Type: text/plain\r\n\r\npart %d\r\n" % number for number in range(parts))
    return HEAD + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + body + b"--b--\r\n"


def large(size: int, number: int = 0) -> bytes:
    """A mail of exactly so many bytes, nearly all of it one attachment."""
    head = HEAD + b"Message-ID: <large%d@mail.example>\r\nMIME-Version: 1.0\r\n" % number
    head += b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    head += STORY.encode() + b" %d\r\n--b\r\nContent-Type: application/pdf; name=scan.pdf\r\n" % number
    head += b"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=scan.pdf\r\n\r\n"
    end = b"\r\n--b--\r\n"
    line = b"QUJD" * 19 + b"\r\n"
    room = size - len(head) - len(end)
    return head + line * (room // len(line)) + b"A" * (room % len(line)) + end


HEAD = b"From: Alix Voorbeeld <alix@mail.example>\r\n"
TEXT = STORY.encode()
MAILS: dict[str, tuple[bytes, set[str]]] = {
    "nothing at all": (b"", {"quarantined"}),
    "ten thousand nested parts": (nested(10_000), {"opened"}),
    "ten thousand parts": (flat(10_000), {"opened"}),
    "NUL bytes": (
        HEAD + b"Subject: a\x00b\r\nMessage-ID: <n\x00ul@mail.example>\r\n\r\n" + TEXT + b"\0" * 99,
        {"opened"},
    ),
    "only NUL bytes": (b"\0" * 5000, {"quarantined"}),
    "no headers": (b"\r\n" + TEXT, {"opened"}),
    "no line that could be a header": (TEXT, {"opened"}),
    "an unknown charset": (HEAD + b"Content-Type: text/plain; charset=x-klingon\r\n\r\n" + TEXT, {"opened"}),
    "a charset that is no text": (HEAD + b"Content-Type: text/plain; charset=zip\r\n\r\n" + TEXT + b" 2", {"opened"}),
    "an unknown charset in the subject": (HEAD + b"Subject: =?x-no?q?a=E9?=\r\n\r\n" + TEXT + b" 3", {"opened"}),
    "a missing Message-ID": (HEAD + b"Subject: no id\r\n\r\n" + TEXT + b" 4", {"opened"}),
    "a long Message-ID": (
        HEAD + b"Message-ID: <" + b"\xc3\xa9" * 5000 + b"@x.example>\r\n\r\n" + TEXT + b" 5",
        {"opened"},
    ),
    "a subject of 1 MB": (HEAD + b"Subject: " + b"remboursement " * 75_000 + b"\r\n\r\n" + TEXT + b" 6", {"opened"}),
    "a line of 5 MB": (HEAD + b"Subject: line\r\n\r\n" + TEXT + b"x" * 5_000_000, {"opened"}),
    "bytes of all kinds": (HEAD + b"\r\n" + bytes(range(256)) * 40 + TEXT + b" 7", {"opened"}),
    "half a surrogate": (HEAD + b"Subject: =?utf-8?b?7aCA?=\r\n\r\n" + TEXT + b"\xed\xa0\x80", {"opened"}),
}


@pytest.mark.parametrize("name", MAILS)
def test_a_bad_mail_is_kept_and_the_next_one_served(house: Embedded, name: str) -> None:
    body, fates = MAILS[name]
    before = len(house.items())
    began = time.monotonic()
    assert house.mail(body).startswith("250")
    assert house.fate(before) in fates
    assert time.monotonic() - began < 60
    assert house.items()[before][3] == len(body) + (0 if not body or body.endswith(b"\r\n") else 2)
    house.still_serves()


def test_mails_just_under_and_just_over_the_limit(house: Embedded) -> None:
    before = len(house.items())
    assert house.mail(large(LIMIT + 1)).startswith("552")
    assert len(house.items()) == before
    house.still_serves()
    assert house.mail(large(LIMIT)).startswith("250")
    assert house.fate(before + 1, 90) == "opened"
    house.still_serves()


def test_several_large_mails_at_once_do_not_fill_the_memory(house: Embedded) -> None:
    before = len(house.items())
    bodies = [large(LIMIT, number) for number in range(1, 5)]
    threads = [threading.Thread(target=house.mail, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    house.still_serves(120)
    for number in range(4):
        assert house.fate(before + number, 120) == "opened"


def test_nothing_is_injected_into_the_headers_of_an_answer(house: Embedded) -> None:
    ordinary = {name.lower() for name in house.still_serves()}
    address = "injector@mail.example"
    raw = (
        f"From: =?utf-8?q?Alix=0D=0AX-Injected:_yes?= <{address}>\r\n"
        "Subject: =?utf-8?q?dossier=0D=0ABcc:_victim@mail.example=0D=0A=0D=0AYou_won?=\r\n"
        "Message-ID: <in\tjected@mail.example>\r\n X-Injected: yes\r\n"
        "References: <a@mail.example>\r\n\tBcc: victim@mail.example\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{STORY} injected\r\n"
    )
    before = len(house.items())
    assert house.mail(raw.encode(), address).startswith("250")
    assert house.fate(before) == "opened"
    until = time.monotonic() + 20
    while not house.answers_to(address) and time.monotonic() < until:
        time.sleep(0.1)
    (answer,) = house.answers_to(address)
    assert {name.lower() for name in answer} <= ordinary | {"references"}
    assert answer["Bcc"] is None
    assert [one.addr_spec for one in answer["To"].addresses] == [address]
    body = answer.get_body(("plain",))
    assert body is not None
    assert "You won" not in body.get_content()
    assert "victim" not in str(answer["Subject"])
    house.still_serves()


def test_a_repeated_message_id_with_another_body_is_another_item(house: Embedded) -> None:
    before = len(house.items())
    head = HEAD + b"Message-ID: <twice@mail.example>\r\n\r\n"
    assert house.mail(head + TEXT + b" first words").startswith("250")
    assert house.mail(head + TEXT + b" quite different words").startswith("250")
    assert house.mail(head + TEXT + b" first words").startswith("250")
    assert [house.fate(before), house.fate(before + 1)] == ["opened", "opened"]
    assert len(house.items()) == before + 2


def multipart(fields: dict[str, str], files: int, size: int = 100) -> bytes:
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts += [
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="a%d.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n%s\r\n" % (number, b"x" * size)
        for number in range(files)
    ]
    return b"".join(parts) + b"--b--\r\n"


API, FORM, JSON = "/api/v1/messages", "/fr/complaint", "application/json"
MULTIPART = "multipart/form-data; boundary=b"
POSTS: dict[str, tuple[str, bytes, str, set[int]]] = {
    "an empty form": (API, multipart({}, 0), MULTIPART, {422}),
    "an empty page": (FORM, b"", "application/x-www-form-urlencoded", {400, 403, 422}),
    "nothing": (API, b"", JSON, {400}),
    "fifty files": (API, multipart({"text": STORY}, 50), MULTIPART, {413, 422}),
    "files of 30 MB": (API, multipart({"text": STORY}, 3, 10_000_000), MULTIPART, {413}),
    "a body of 40 MB": (API, multipart({"text": STORY}, 4, 10_000_000), MULTIPART, {413}),
    "a wrong content type": (API, b"<message/>", "text/xml", {415}),
    "a multipart that is none": (API, b"hello", MULTIPART, {400}),
    "a multipart without its boundary": (API, multipart({"text": STORY}, 0), "multipart/form-data", {400}),
    "broken JSON": (API, b'{"text": "a', JSON, {400}),
    "JSON that is no object": (API, b"[1, 2]", JSON, {422}),
    "deep JSON": (API, b"[" * 400_000, JSON, {400}),
    "deep JSON in a field": (API, b'{"text":' + b"[" * 500 + b"]" * 500 + b"}", JSON, {422}),
    "JSON over 1 MB": (API, b'{"text": "' + b"a" * 1_100_000 + b'"}', JSON, {413}),
    "a text of 21 000 signs": (API, json.dumps({"text": "a" * 21_000}).encode(), JSON, {422}),
    "JSON with huge numbers": (API, b'{"text": ' + b"9" * 100_000 + b"}", JSON, {400, 422}),
    "JSON that is not UTF-8": (API, b'{"text": "\xff\xfe"}', JSON, {400}),
}


@pytest.mark.parametrize("name", POSTS)
def test_a_bad_post_gets_a_clear_answer_and_the_next_mail_is_served(house: Embedded, name: str) -> None:
    path, body, content_type, statuses = POSTS[name]
    before = len(house.items())
    began = time.monotonic()
    status, answer = house.post(path, body, content_type)
    assert status in statuses, answer[:300]
    assert time.monotonic() - began < 20
    assert answer
    if path == API:
        assert json.loads(answer)["status"] == status
    assert len(house.items()) == before
    house.still_serves()


def test_nul_and_half_surrogates_in_a_field_are_kept_as_text(house: Embedded) -> None:
    body = json.dumps({"text": f"{STORY} \x00 \ud800 form", "name": "A\r\nBcc: x@mail.example", "email": ""})
    before = len(house.items())
    status, answer = house.post(API, body.encode(), JSON)
    if status == 201:
        assert house.fate(before) == "opened"
    else:
        assert status in (400, 422), answer
    house.still_serves()


def announced(house: Embedded, headers: str, path: str = API) -> bytes:
    """The first bytes of the answer to a request whose body never comes, or comes for ever (chunked)."""
    port = int(house.processes.environment["PORT"])
    request = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {MULTIPART}\r\n{headers}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request.encode())
        first = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
        chunked = "chunked" in headers
        answer: list[bytes] = []
        reading = threading.Thread(target=lambda: answer.append(connection.recv(4096)))
        reading.start()
        sent, block = 0, b"x" * 1_000_000
        try:
            connection.sendall(b"%x\r\n%s\r\n" % (len(first), first) if chunked else first)
            while not answer and sent < 2 * 1024**3:
                connection.sendall(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)
                sent += len(block)
        except OSError:
            # The house has closed the door while we pushed; what it said came before.
            sent += 0
        reading.join(30)
        assert sent < 200_000_000
        return answer[0] if answer else b""


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 2147483648",
        "Content-Length: 2147483648\r\nExpect: 100-continue",
        "Transfer-Encoding: chunked",
    ],
)
def test_two_gigabytes_are_refused_long_before_their_end(house: Embedded, headers: str) -> None:
    began = time.monotonic()
    assert b" 413 " in announced(house, headers).partition(b"\r\n")[0]
    assert time.monotonic() - began < 30
    house.still_serves()


@pytest.mark.parametrize("headers", ["Content-Length: 2147483648", "Transfer-Encoding: chunked"])
def test_two_gigabytes_at_the_form_cost_little_memory_and_get_a_page(house: Embedded, headers: str) -> None:
    process = psutil.Process(house.watch.pid)
    before = process.memory_info().rss
    began, house.watch.most = time.monotonic(), 0
    answer = announced(house, headers, FORM)
    # Its token is missing too, which may be what is said.
    assert answer.partition(b"\r\n")[0].split()[1] in (b"403", b"413"), answer[:300]
    assert b"Content-Security-Policy" in answer
    assert time.monotonic() - began < 30
    assert house.watch.most - before < 100 * 1024 * 1024, f"{(house.watch.most - before) / 1024**2:.0f} MiB"
    house.still_serves()


def test_quarantine_can_be_listed_shown_and_replayed(house: Embedded) -> None:
    body = b"\0 \0\r\n" * 7
    before = len(house.items())
    assert house.mail(body).startswith("250")
    assert house.fate(before) == "quarantined"
    kept = [item[0] for item in house.items() if item[1] == "quarantined"]
    listed = [json.loads(line) for line in house.processes.command("quarantine", "list", "--json").splitlines()]
    assert [item["id"] for item in listed] == kept
    assert listed[-1]["size"] == len(body)
    assert "no content" in listed[-1]["error"]
    number = str(kept[-1])
    shown = subprocess.run(
        [str(GUICHET), "quarantine", "show", number],
        env=os.environ | house.processes.environment,
        cwd=house.processes.folder,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert shown.stdout == body
    house.processes.command("quarantine", "replay", number)
    # A command cannot wake another process without Redis: the next look at the database finds the item.
    assert house.fate(before, 60) == "quarantined"
    assert house.asked("SELECT actor FROM audit WHERE act = 'quarantine.replay'") == [("command",)]
    assert house.asked(f"SELECT attempts FROM inbox WHERE id = {number}") == [(1,)]
    house.still_serves()


def test_it_ends_in_order_and_its_register_is_sound(house: Embedded) -> None:
    house.still_serves()
    assert house.watch.most < MOST_MEMORY, f"{house.watch.most / 1024**2:.0f} MiB"
    assert house.processes.end("all") == 0
    report = house.processes.reconcile()
    assert report["sound"], report
    assert report["waiting"] == 0
