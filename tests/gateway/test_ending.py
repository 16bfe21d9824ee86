"""How a house ends and begins (rule Q7): not ready at once, what is in hand finished, and one owner of a data folder."""

from __future__ import annotations

import signal
import smtplib
import socket
import threading
import time
from pathlib import Path

from tests.gateway.embedded import OMBUDSMAN, Embedded, doors_open, embedded

MAIL = (
    b"From: Ada Voorbeeld <ada%d@mail.example>\r\nTo: ombudsman@partenamut.example\r\nMessage-ID: <q7-%d@mail.example>\r\n"
    b"Subject: lettre\r\n\r\nMon remboursement de septembre n'est toujours pas venu, malgre trois lettres. Ada %d\r\n"
)


def _slow_smtp(listening: socket.socket, taken: threading.Event) -> None:
    """A mail server that greets after four seconds: the delivery of an acknowledgement is in hand meanwhile."""
    connection, _ = listening.accept()
    taken.set()
    with connection:
        time.sleep(4)
        connection.sendall(b"554 5.3.2 closed\r\n")


def test_with_mails_in_work_it_is_not_ready_at_once_and_ends_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken = threading.Event()
        threading.Thread(target=_slow_smtp, args=(listening, taken), daemon=True).start()
        smtp = {"GUICHET_SMTP_HOST": "127.0.0.1", "GUICHET_SMTP_PORT": str(listening.getsockname()[1])}
        with embedded(tmp_path / "house", GUICHET_SMTP_TLS="none", **smtp) as house:
            house.start()
            assert house.ready()[0] == 200
            house.mail(MAIL % (0, 0, 0))
            assert taken.wait(20)
            for number in range(1, 41):
                house.mail(MAIL % (number, number, number))
            assert house.process is not None
            began = time.monotonic()
            house.process.send_signal(signal.SIGTERM)
            house.wait_for(lambda: house.ready()[0] == 503, "still ready", 2)
            assert "stopping" in {reason["what"] for reason in house.ready()[1]["reasons"]}
            assert house.process.wait(timeout=40) == 0
            assert time.monotonic() - began < 25
            _every_mail_gets_its_fate(house, 41)


def _every_mail_gets_its_fate(house: Embedded, count: int) -> None:
    house.environment |= {"GUICHET_SMTP_HOST": ""}
    house.start(ready=lambda house: _metric(house, "guichet_inbox_items") == count)
    house.wait_for(lambda: _metric(house, "guichet_inbox_waiting") == 0, "mails without a fate")
    assert house.command("reconcile").returncode == 0


def _metric(house: Embedded, name: str) -> float:
    try:
        lines = house.ask("/metrics").text.splitlines()
    except OSError:
        return -1
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


def test_an_idle_sender_hears_421(tmp_path: Path) -> None:
    with embedded(tmp_path / "house") as house:
        house.start(ready=doors_open)
        with smtplib.LMTP("127.0.0.1", house.lmtp_port, timeout=20) as door:
            door.ehlo_or_helo_if_needed()
            assert door.mail("ada@mail.example")[0] == 250
            assert door.rcpt(OMBUDSMAN)[0] == 250
            assert house.process is not None
            house.process.send_signal(signal.SIGTERM)
            assert door.getreply()[0] == 421
        assert house.process.wait(timeout=25) == 0


def test_a_second_house_on_the_same_folder_is_refused_in_words(tmp_path: Path) -> None:
    with embedded(tmp_path / "house") as house:
        house.start(ready=doors_open)
        with embedded(tmp_path / "second", GUICHET_DATA=str(tmp_path / "house" / "data")) as second:
            refused = second.command("run")
        assert refused.returncode == 2
        assert "another guichet is using" in " ".join(refused.stderr.split())
        assert "Traceback" not in refused.stderr
        assert house.ready()[0] == 200
        # Commands over the register work beside the house that runs.
        assert house.command("reconcile").returncode == 0
        assert house.end()[0] == 0
