"""The web chat: what an idle connection costs, and how soon the robot answers.

Idle: one web process on PostgreSQL holds 5 000 sockets, each in a conversation of its own; the baseline is an aiohttp server
which only holds sockets. Answers: conversations as members have them, a case in every fifth line, through widget, inbox, worker
and back; with one and two web processes that share Redis. The baseline is the time until the line is kept, on the same socket.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from aiohttp import ClientSession, ClientWebSocketResponse, TCPConnector, WSMsgType, web

from bench.report import Row, say, table
from bench.workload import story
from tests.servers.postgres import PostgresServer
from tests.servers.process import free_port
from tests.servers.redis import RedisServer

IDLE = int(os.environ.get("BENCH_IDLE", "5000"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "20"))
RATES = tuple(int(rate) for rate in os.environ.get("BENCH_RATES", "20,50,100,200").split(","))
CONVERSATIONS = 200
PROBES = 200
_OPENING_AT_ONCE = 100
_LONGEST_WAIT = 60.0
_LINES = ("Je voudrais être remboursée", "Marie Dubois, 0470 00 11 03", "oui", "non merci")


def main() -> None:
    """Print the tables."""
    place = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    server, redis = PostgresServer(place), RedisServer(place)
    try:
        server.initialise()
        server.start()
        redis.start()
        idle = [_bare(), _held(server)]
        table(
            f"{IDLE} idle sockets on one process",
            ("", "KB a socket", "ratio", "a page while they are idle, p50", "p99"),
            [(*row[:2], f"{float(row[1]) / float(idle[0][1]):.1f}", *row[2:]) for row in idle],
        )
        rows = [row for webs in (1, 2) for row in _answered(server, redis, webs)]
    finally:
        redis.stop()
        server.stop()
        shutil.rmtree(place, ignore_errors=True)
    table(
        f"From a member's line to the robot's answer, {CONVERSATIONS} conversations, {SECONDS} s each",
        ("", "lines/s asked", "answered/s", "refused", "answer p50", "p99", "kept p50", "p99", "answer : kept (p50)"),
        rows,
    )
    say("one worker; the clients share the two cores with everything else")


@dataclass(frozen=True)
class House:
    """Processes of one house, and where it is."""

    base: str
    processes: Mapping[str, subprocess.Popen[bytes]]


@contextmanager
def _house(server: PostgresServer, names: tuple[str, ...], redis: str = "") -> Iterator[House]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "GUICHET_DATA": folder,
            "DATABASE_URL": server.create_database(),
            "REDIS_URL": redis,
            "GUICHET_ALLOW_UNSAFE_DATABASE": "1",
            "GUICHET_MIN_FREE_MB": "0",
            "GUICHET_MIN_FREE_PERCENT": "0",
            "GUICHET_TRUSTED_PROXIES": "127.0.0.1",
            "GUICHET_WIDGET_MESSAGES_A_MINUTE": "1000",
            "PORT": str(port),
        }
        guichet = Path(sys.executable).parent / "guichet"
        running = {
            name: subprocess.Popen(
                [str(guichet), name.rstrip("0123456789")], env=environment, cwd=folder, stderr=subprocess.DEVNULL
            )
            for name in names
        }
        try:
            yield House(f"http://127.0.0.1:{port}", running)
        finally:
            for process in running.values():
                process.send_signal(signal.SIGTERM)
            for process in running.values():
                process.wait(timeout=40)


def _bare() -> Row:
    """The baseline: sockets and nothing else."""
    port = free_port()
    code = "from bench.widget import bare; bare(%d)" % port  # noqa: UP031 (a program, not a text)
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        return asyncio.run(_idle(f"http://127.0.0.1:{port}", process.pid, "aiohttp alone", begin=False))
    finally:
        process.terminate()
        process.wait(timeout=10)


def bare(port: int) -> None:
    """Serve sockets that only listen, and a page."""

    async def socket(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse(heartbeat=40, compress=False)
        await answer.prepare(request)
        async for _ in answer:
            await answer.send_str('{"t":"ready"}')
        return answer

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="well")

    app = web.Application()
    app.add_routes([web.get("/widget/socket", socket), web.get("/healthz", page)])
    web.run_app(app, host="127.0.0.1", port=port, print=None)


def _held(server: PostgresServer) -> Row:
    with _house(server, ("web",)) as house:
        return asyncio.run(_idle(house.base, house.processes["web"].pid, "the web chat", begin=True))


async def _idle(base: str, pid: int, name: str, *, begin: bool) -> Row:
    process = psutil.Process(pid)
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        await _until(session, f"{base}/healthz")
        # The first ones warm up what is made once.
        warm = await _open(session, base, range(_OPENING_AT_ONCE), begin=begin)
        await asyncio.sleep(1)
        before = process.memory_info().rss
        sockets = []
        for first in range(_OPENING_AT_ONCE, IDLE + _OPENING_AT_ONCE, _OPENING_AT_ONCE):
            sockets += await _open(session, base, range(first, first + _OPENING_AT_ONCE), begin=begin)
        await asyncio.sleep(3)
        size = (process.memory_info().rss - before) / len(sockets) / 1000
        times = []
        for _ in range(PROBES):
            began = time.perf_counter()
            async with session.get(f"{base}/healthz") as answer:
                await answer.read()
            times.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
        await asyncio.gather(*(socket.close() for socket in (*warm, *sockets)))
    quantiles = statistics.quantiles(times, n=100)
    return (name, f"{size:.1f}", f"{1000 * quantiles[49]:.1f} ms", f"{1000 * quantiles[98]:.1f} ms")


async def _open(session: ClientSession, base: str, which: range, *, begin: bool) -> list[ClientWebSocketResponse]:
    return list(await asyncio.gather(*(_one(session, base, number, begin=begin) for number in which)))


async def _one(session: ClientSession, base: str, number: int, *, begin: bool) -> ClientWebSocketResponse:
    headers = {"Origin": base, "X-Forwarded-For": f"198.18.{number // 200 % 200}.{number % 200 + 1}"}
    socket = await session.ws_connect(f"{base}/widget/socket", headers=headers, autoping=True, max_msg_size=0)
    await socket.send_json({"t": "hello", "key": "", "origin": base, "last": 0})
    await socket.receive_json()
    if begin:
        await socket.send_json({"t": "begin", "lang": "fr"})
        began = await socket.receive_json()
        if began["t"] != "began":
            raise SystemExit(f"a conversation could not be begun: {began}")
    return socket


@dataclass
class Talk:
    """One conversation under load: what waits for its receipt, and what for the robot."""

    socket: ClientWebSocketResponse
    number: int
    kept: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    said: dict[str, float] = field(default_factory=dict)
    open: list[float] = field(default_factory=list)
    refused: int = 0

    async def say(self, count: int) -> None:
        """Say the next line."""
        turn = count % (len(_LINES) + 1)
        text = story(self.number * 100 + count) if turn == 0 else _LINES[turn - 1]
        now = time.perf_counter()
        self.said[f"l{count}"] = now
        self.open.append(now)
        await self.socket.send_json({"t": "say", "id": f"l{count}", "text": text, "choice": "", "files": []})

    async def listen(self) -> None:
        """Note when lines are kept and answered, until the socket closes."""
        async for message in self.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            content = json.loads(message.data)
            now = time.perf_counter()
            if content["t"] == "kept":
                self.kept.append(now - self.said[content["client"]])
            elif content["t"] == "refused":
                self.refused += 1
                with suppress(ValueError):
                    # What was refused is not waited for, unless the answer to another line has ended the wait already.
                    self.open.remove(self.said[content["client"]])
            elif content["t"] == "shown" and any(line["who"] == "bot" for line in content["lines"]):
                # The robot has answered everything that was said before.
                self.answered += [now - moment for moment in self.open]
                self.open.clear()


def _answered(server: PostgresServer, redis: RedisServer, webs: int) -> list[Row]:
    names = (*(f"web{number}" for number in range(webs)), "worker")
    with _house(server, names, redis.url) as house:
        return asyncio.run(_loaded(house.base, "one web process" if webs == 1 else f"{webs} web processes"))


async def _loaded(base: str, name: str) -> list[Row]:
    rows: list[Row] = []
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        await _until(session, f"{base}/readyz", without=("model", "worker"))
        await asyncio.sleep(3)
        for number, rate in enumerate(RATES):
            rows.append((name, *await _at(session, base, rate, number)))
    return rows


async def _at(session: ClientSession, base: str, rate: int, series: int) -> Row:
    numbers = range(series * CONVERSATIONS, (series + 1) * CONVERSATIONS)
    talks = []
    for number in numbers:
        talks.append(Talk(await _one(session, base, number, begin=True), number))  # noqa: PERF401 (one after the other)
    listening = [asyncio.create_task(talk.listen()) for talk in talks]
    began = time.perf_counter()
    for count in range(rate * SECONDS):
        await asyncio.sleep(max(0.0, began + count / rate - time.perf_counter()))
        await talks[count % CONVERSATIONS].say(count // CONVERSATIONS)
    until = time.perf_counter() + _LONGEST_WAIT
    while any(talk.open for talk in talks) and time.perf_counter() < until:
        await asyncio.sleep(0.05)
    took = time.perf_counter() - began
    await asyncio.gather(*(talk.socket.close() for talk in talks))
    await asyncio.gather(*listening)
    answered = list(itertools.chain.from_iterable(talk.answered for talk in talks))
    kept = list(itertools.chain.from_iterable(talk.kept for talk in talks))
    answers, keeps = statistics.quantiles(answered, n=100), statistics.quantiles(kept, n=100)
    return (
        str(rate),
        f"{len(answered) / took:.0f}",
        str(sum(talk.refused for talk in talks)),
        *(f"{1000 * value:.0f} ms" for value in (answers[49], answers[98], keeps[49], keeps[98])),
        f"{answers[49] / keeps[49]:.1f}",
    )


async def _until(session: ClientSession, url: str, without: tuple[str, ...] = ()) -> None:
    until = time.perf_counter() + 60
    while time.perf_counter() < until:
        with suppress(OSError):
            async with session.get(url) as answer:
                if not without and answer.status == 200:
                    return
                reasons = (await answer.json())["reasons"] if without else []
                if without and not {reason["what"] for reason in reasons} & set(without):
                    return
        await asyncio.sleep(0.1)
    raise SystemExit("the house did not start within a minute")


if __name__ == "__main__":
    main()
