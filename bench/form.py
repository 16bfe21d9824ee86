"""The public form under load: submissions a second and how long each takes, with 16 people sending at once.

On PostgreSQL with one and two web processes and no worker: what is measured is the door, which must take everything in
however long the reading takes. The baseline is the same server's page of the empty form, drawn for as many clients.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aiohttp import ClientSession, CookieJar, FormData, TCPConnector

from bench.report import Row, say, table
from bench.workload import story
from tests.servers.postgres import PostgresServer
from tests.servers.process import free_port

CLIENTS = 16
SUBMISSIONS = int(os.environ.get("BENCH_SUBMISSIONS", "600"))
PHOTO = b"\xff\xd8\xff\xe0" + os.urandom(100 * 1024)


def main() -> None:
    """Print the table."""
    place = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    server = PostgresServer(place)
    rows: list[Row] = []
    try:
        server.initialise()
        server.start()
        for count, name in ((1, "one web process"), (2, "two web processes")):
            rows += _measured(server, count, name)
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)
    table(
        f"The form, {CLIENTS} clients, {SUBMISSIONS} submissions",
        ("", "submissions/s", "p50", "p99", "empty form pages/s", "submissions : pages"),
        rows,
    )
    say("a submission is the last POST of the form, with its own token and key; the receipt is not fetched")


def _measured(server: PostgresServer, count: int, name: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = os.environ | {
            "GUICHET_DATA": folder,
            "DATABASE_URL": server.create_database(),
            "GUICHET_ALLOW_UNSAFE_DATABASE": "1",
            "GUICHET_MIN_FREE_MB": "0",
            "GUICHET_MIN_FREE_PERCENT": "0",
            "GUICHET_BASE_URL": f"http://127.0.0.1:{port}",
            # Each client comes from an address of its own, as its proxy says.
            "GUICHET_TRUSTED_PROXIES": "127.0.0.1",
            # What is measured is how fast forms are kept, so nobody is taken for the robot that this is.
            "GUICHET_FORM_LEAST_SECONDS": "0",
            "GUICHET_FORM_FLOOD": "off",
            "GUICHET_FORM_NETWORK_FACTOR": "1000",
            "PORT": str(port),
        }
        guichet = Path(sys.executable).parent / "guichet"
        houses = [
            subprocess.Popen([str(guichet), "web"], env=environment, cwd=folder, stderr=subprocess.DEVNULL)
            for _ in range(count)
        ]
        try:
            return asyncio.run(_asked(f"http://127.0.0.1:{port}", name))
        finally:
            for house in houses:
                house.send_signal(signal.SIGTERM)
            for house in houses:
                house.wait(timeout=30)


async def _asked(base: str, name: str) -> list[Row]:
    rows: list[Row] = []
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), connector=TCPConnector(limit=CLIENTS)) as session:
        await _until_up(session, base)
        hidden = await _form(session, base)
        for _ in range(2 * CLIENTS):
            await _form(session, base)
        pages = await _rate(lambda number: _form(session, base, number))
        for with_file, words in ((False, ""), (True, ", with a file of 100 kB")):

            async def send(number: int, with_file: bool = with_file) -> None:
                await _send(session, base, hidden, number, with_file=with_file)

            # The house opens its connections to the database at the first visitors; what is measured comes after them.
            await _timed(send, range(SUBMISSIONS, SUBMISSIONS + 4 * CLIENTS))
            rate, times = await _timed(send, range(SUBMISSIONS))
            quantiles = statistics.quantiles(times, n=100)
            rows.append(
                (
                    name + words,
                    f"{rate:.0f}",
                    f"{1000 * quantiles[49]:.0f} ms",
                    f"{1000 * quantiles[98]:.0f} ms",
                    f"{pages:.0f}",
                    f"{rate / pages:.2f}",
                )
            )
    return rows


async def _until_up(session: ClientSession, base: str) -> None:
    until = time.perf_counter() + 60
    while time.perf_counter() < until:
        try:
            async with session.get(f"{base}/healthz") as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("the web process did not start within a minute")


def _from(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": f"198.18.{number // 200 % 200}.{number % 200 + 1}"}


async def _form(session: ClientSession, base: str, number: int = 0) -> dict[str, str]:
    async with session.get(f"{base}/en/complaint", headers=_from(number)) as answer:
        page = await answer.text()
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


async def _send(session: ClientSession, base: str, hidden: dict[str, str], number: int, *, with_file: bool) -> None:
    # As browsers send them: the last page has no file, and the first, sent at once, has.
    data = FormData(default_to_multipart=with_file)
    key = f"{number:031x}{int(with_file)}"
    for name, value in (hidden | {"key": key, "text": story(number), "name": "Alix Voorbeeld"}).items():
        data.add_field(name, value)
    if with_file:
        data.add_field("files", PHOTO, filename="photo.jpg", content_type="image/jpeg")
    async with session.post(
        f"{base}/en/complaint?send", data=data, headers=_from(number), allow_redirects=False
    ) as answer:
        if answer.status != 303:
            raise SystemExit(f"the form was not taken: {answer.status}")


async def _rate(act) -> float:  # type: ignore[no-untyped-def]  # a coroutine function of a number
    return (await _timed(act, range(SUBMISSIONS)))[0]


async def _timed(act, which: range) -> tuple[float, list[float]]:  # type: ignore[no-untyped-def]  # as above
    """(acts a second, the seconds of each) with CLIENTS at once, for these numbers."""
    numbers, times = iter(which), []

    async def client() -> None:
        for number in numbers:
            began = time.perf_counter()
            await act(number)
            times.append(time.perf_counter() - began)

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return len(which) / (time.perf_counter() - start), times


if __name__ == "__main__":
    main()
