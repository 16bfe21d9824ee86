"""A house of its own to look at: fourteen months of invented cases in four languages, and people to sign in as.

    python -m gateway.demo

It fills a new temporary data folder, then runs `guichet run` on it; Ctrl-C ends it, and the folder is removed. With GUICHET_DATA
it fills that folder instead, which must be empty, stays, and is started again by the same command. With GUICHET_DATABASE_URL it
fills that database, which must hold no case yet, and which stays.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import select

from config.settings import load
from gateway.demo.departments import ADDRESSES
from gateway.demo.filling import fill
from gateway.demo.talking import TEXT_NUMBER
from gateway.house import House, build
from store import users
from store.schema import cases

CASES: Final = 2_000
# The file by which a folder that was filled is known.
_MARK: Final = "demonstration"
_PEOPLE: Final = (
    ("lena", "Lena Marchal", "supervisor", True),
    # New rules, and a text that refuses somebody, are published by a second one.
    ("paul", "Paul Wauters", "supervisor", False),
    ("tom", "Tom Baert", "mediator", False),
    ("anne", "Anne Lemaire", "mediator", True),
    ("fatima", "Fatima Idrissi", "agent", False),
    ("rik", "Rik Maes", "reader", False),
    ("admin", "Nadia Peters", "administrator", False),
)


def main() -> None:
    """Fill a register, start the house, say where it is, and wait."""
    # Whoever ends it in another way than by Ctrl-C leaves no house behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    if chosen := os.environ.get("GUICHET_DATA", ""):
        _run(Path(chosen).resolve())
    else:
        with tempfile.TemporaryDirectory(prefix="guichet-demo-") as folder:
            _run(Path(folder))


def _run(folder: Path) -> None:
    port, lmtp = os.environ.get("PORT", "8080"), os.environ.get("GUICHET_LMTP_PORT", "8024")
    _make_sure_it_is_free(int(port))
    password = password_of(folder)
    asked = ",".join(f"{name}={address}" for name, address in ADDRESSES.items())
    settings = {"GUICHET_DATA": str(folder), "PORT": port, "GUICHET_LMTP_PORT": lmtp, "GUICHET_DEPARTMENT_MAIL": asked}
    # Its texts are answered as its mails are: into files, for nobody invented has a telephone.
    texts = {"GUICHET_SMS_NUMBER": TEXT_NUMBER, "GUICHET_TEXTS_TO_FILES": "true", "GUICHET_TWILIO_AUTH_TOKEN": ""}
    environment = os.environ | settings | texts
    guichet = str(Path(sys.executable).parent / "guichet")
    if not password:
        asyncio.run(_make_sure_it_is_empty(folder))
        password = secrets.token_urlsafe(12)
        for login, name, role, medical in _PEOPLE:
            words = [guichet, "user", "add", login, "--role", role, "--name", name]
            words += ["--medical"] if medical else []
            subprocess.run(words, env=environment, cwd=folder, input=f"{password}\n", text=True, check=True)
        asyncio.run(_fill(folder))
        mark(folder, password)
    house = subprocess.Popen([guichet, "run"], env=environment, cwd=folder)
    try:
        _wait(f"http://127.0.0.1:{port}/readyz", house)
        names = ", ".join(f"{login} ({role})" for login, _, role, _ in _PEOPLE)
        sys.stderr.write(
            f"\nConsole: http://127.0.0.1:{port}/console/   sign in as {names}\nPassword: {password}\n"
            "Two supervisors, lena and paul, because new rules are published by a second one.\n"
            f"Form: http://127.0.0.1:{port}/fr/complaint\nData: {folder}\n"
            f"Text messages that would go out are files in {folder / 'sent'}, as mails are without an SMTP server.\n"
            "Ctrl-C ends.\n\n"
        )
        house.wait()
    except KeyboardInterrupt:
        pass
    finally:
        house.terminate()
        house.wait(timeout=30)


def password_of(folder: Path) -> str:
    """The password of the demonstration that a folder holds, "" for an empty one. Invented cases must never stand among real
    ones, so that anything else in it is refused."""
    if (folder / _MARK).is_file():
        return (folder / _MARK).read_text(encoding="utf-8").strip()
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(
            f"{folder} holds a house that is no demonstration, or one that was not filled to its end. Nothing was changed. "
            "Choose an empty folder: GUICHET_DATA=… make demo; or leave it out, and a temporary one is taken."
        )
    folder.mkdir(parents=True, exist_ok=True)
    return ""


def mark(folder: Path, password: str) -> None:
    """Say that a folder holds a demonstration, filled to its end, and keep the password of its invented people with it."""
    note = folder / _MARK
    note.touch(mode=0o600)
    note.write_text(f"{password}\n", encoding="utf-8")


def _make_sure_it_is_free(port: int) -> None:
    """Said now, and not after everything was filled."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            raise SystemExit(f"Port {port} is taken; choose another one: PORT=8081 make demo") from None


def _house(folder: Path) -> House:
    settings = load(data=folder, department_mail=ADDRESSES, sms_number=TEXT_NUMBER, texts_to_files=True)
    return build(settings, name="demo")


async def _make_sure_it_is_empty(folder: Path) -> None:
    """Invented cases must never stand among real ones."""
    house = _house(folder)
    try:
        await house.store.open()
        async with house.store.read() as tx:
            if await users.listing(tx) or (await tx.conn.execute(select(cases.c.id).limit(1))).first():
                raise SystemExit("This database holds people or cases already; the demonstration fills an empty one.")
    finally:
        await house.close()


async def _fill(folder: Path) -> None:
    house = _house(folder)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Cases of fourteen months", total=CASES)
        try:
            await house.store.open()
            await fill(
                house, CASES, until=datetime.now(UTC), progress=lambda done: progress.update(task, completed=done)
            )
        finally:
            await house.close()


def _wait(url: str, house: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if house.poll() is not None:
            raise SystemExit("guichet did not start; is its port taken?")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("guichet was not ready within a minute")


if __name__ == "__main__":
    main()
