"""A running house, measured from outside: start, memory, and the time from LMTP's 250 to the acknowledgement."""

from __future__ import annotations

import os
import signal
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil

from bench.report import say, table
from bench.workload import mail
from tests.servers.process import free_port
from tests.servers.smtp import SmtpSink

RATE = 20
MAILS = 400


def main() -> None:
    """Print the tables."""
    sink = SmtpSink()
    arrived: dict[str, float] = {}
    _note_arrivals(sink, arrived)
    sink.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), sink, arrived)
    finally:
        sink.stop()


def _note_arrivals(sink: SmtpSink, arrived: dict[str, float]) -> None:
    class Noted(list):  # type: ignore[type-arg]  # the sink's own list, with the moment of each entry
        def append(self, received) -> None:  # type: ignore[no-untyped-def]  # as list.append
            super().append(received)
            arrived.setdefault(received.rcpt_to[0], time.perf_counter())

    sink.messages = Noted()


def _measure(folder: Path, sink: SmtpSink, arrived: dict[str, float]) -> None:
    port, lmtp = free_port(), free_port()
    environment = os.environ | {
        "GUICHET_DATA": str(folder),
        "PORT": str(port),
        "GUICHET_LMTP_PORT": str(lmtp),
        "GUICHET_SMTP_HOST": sink.host,
        "GUICHET_SMTP_PORT": str(sink.port),
        "GUICHET_SMTP_TLS": "none",
        "GUICHET_MIN_FREE_MB": "0",
        "GUICHET_MIN_FREE_PERCENT": "0",
    }
    began = time.perf_counter()
    guichet = Path(sys.executable).parent / "guichet"
    house = subprocess.Popen([str(guichet), "run"], env=environment, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        page = _until(lambda: _fetch(port, "/fr/"), began)
        ready = _until(lambda: _fetch(port, "/readyz"), began)
        classifies = _until(lambda: b'"model"' not in _fetch(port, "/readyz") or b"", began)
        delays = _send(lmtp, arrived)
        memory = _memory(house.pid)
    finally:
        house.send_signal(signal.SIGTERM)
        house.wait(timeout=30)
    table(
        "Start",
        ("first page", "/readyz", "ready to classify"),
        [(f"{page:.1f} s", f"{ready:.1f} s", f"{classifies:.1f} s")],
    )
    quantiles = statistics.quantiles(delays, n=100)
    table(
        f"From LMTP's 250 to the acknowledgement at the mail server, {RATE} mails/s, {len(delays)} of {MAILS} mails",
        ("p50", "p99", "longest"),
        [(f"{quantiles[49] * 1000:.0f} ms", f"{quantiles[98] * 1000:.0f} ms", f"{max(delays) * 1000:.0f} ms")],
    )
    table("Resident memory of `guichet run`", ("process", "MB"), [(name, f"{size:.0f}") for name, size in memory])
    say(f"per item of {1 / RATE * 1000:.0f} ms at this rate: p50 is {quantiles[49] * RATE:.1f} of it")


def _fetch(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        body: bytes = answer.read()
        return body


def _until(ask: Callable[[], object], began: float) -> float:
    while time.perf_counter() - began < 60:
        try:
            if ask():
                return time.perf_counter() - began
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit("the house did not start within a minute")


def _send(port: int, arrived: dict[str, float]) -> list[float]:
    """Hand mails over at a steady rate; return for each the seconds from its 250 to its acknowledgement."""
    accepted: dict[str, float] = {}
    start = time.perf_counter()
    with smtplib.LMTP("127.0.0.1", port) as door:
        for number in range(MAILS):
            time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
            address = f"alix{number}@mail{number % 50}.example"
            door.sendmail(address, ["plaintes@partenamut.example"], mail(number))
            accepted[address] = time.perf_counter()
    until = time.perf_counter() + 60
    while len(arrived) < MAILS and time.perf_counter() < until:
        time.sleep(0.1)
    return [arrived[address] - moment for address, moment in accepted.items() if address in arrived]


def _memory(pid: int) -> list[tuple[str, float]]:
    house = psutil.Process(pid)
    found = [("main (web, mail, worker, clock)", house.memory_info().rss / 1e6)]
    for child in house.children(recursive=True):
        size = child.memory_info().rss / 1e6
        if "spawn_main" in " ".join(child.cmdline()):
            found.append(("child that classifies" if size > 150 else "child that parses", size))
    return found


if __name__ == "__main__":
    main()
