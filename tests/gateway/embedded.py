"""`guichet run` as an operator starts it: one process of its own in a folder of its own, everything it says kept."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.servers.process import end, free_port

GUICHET = Path(sys.executable).parent / "guichet"
OMBUDSMAN = "ombudsman@partenamut.example"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_ASKING = urllib.request.build_opener(_NoRedirects)


def clean_environment() -> dict[str, str]:
    """This environment without any setting of a house."""
    ours = ("GUICHET_", "DATABASE_URL", "REDIS_URL", "PORT")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Embedded:
    """A house on SQLite; `environment` holds the settings that differ."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.port, self.lmtp_port = free_port(), free_port()

    @property
    def settings(self) -> dict[str, str]:
        """The whole environment of the process."""
        return {
            **clean_environment(),
            "PORT": str(self.port),
            "GUICHET_LMTP_PORT": str(self.lmtp_port),
            "GUICHET_DATA": str(self.folder / "data"),
            "GUICHET_MIN_FREE_MB": "0",
            "GUICHET_FORM_LEAST_SECONDS": "0",
            "GUICHET_MIN_FREE_PERCENT": "0",
            **self.environment,
        }

    def start(self, *, ready: Callable[[Embedded], bool] | None = None, seconds: float = 60) -> None:
        """Start it and wait until it has a worker with its model, or until `ready` says so."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(GUICHET), "run"], env=self.settings, cwd=self.folder, stdout=log, stderr=log
            )
        self.wait_for(lambda: (ready or _has_its_model)(self), "the house did not start", seconds)

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Wait; fails the test with the end of the log when it takes too long."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                pytest.fail(f"{what} within {seconds} s; {self.log()[-3000:]}", pytrace=False)
            time.sleep(0.05)

    def ask(
        self,
        path: str,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
    ) -> Answer:
        """One request; redirects are not followed."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, headers=dict(headers or {}), method=method
        )
        try:
            with _ASKING.open(request, timeout=20) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read().decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode("utf-8", "replace"))

    def ready(self) -> tuple[int, dict[str, Any]]:
        """Status and body of /readyz."""
        answer = self.ask("/readyz")
        return answer.status, json.loads(answer.text)

    def mail(self, raw: bytes, *, sender: str = "marie.dubois@mail.example", to: str = OMBUDSMAN) -> None:
        """Hand a mail over by LMTP."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=30) as door:
            door.sendmail(sender, [to], raw)

    def command(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a `guichet` command with the same settings."""
        return subprocess.run(
            [str(GUICHET), *words],
            env=self.settings,
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def log(self) -> str:
        """Everything it said so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def end(self, seconds: float = 40) -> tuple[int, float]:
        """SIGTERM; its exit code and the seconds that it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=seconds)
        return code, time.monotonic() - began


def doors_open(house: Embedded) -> bool:
    """Whether it takes messages in; its worker may still be loading the model."""
    return "Guichet is at" in house.log()


def _has_its_model(house: Embedded) -> bool:
    assert house.process is not None
    assert house.process.poll() is None, house.log()[-3000:]
    try:
        _, found = house.ready()
    except OSError:
        return False
    return not {reason["what"] for reason in found["reasons"]} & {"worker", "model"}


@contextmanager
def embedded(folder: Path, **environment: str) -> Iterator[Embedded]:
    """A house that is not started yet, and does not outlive the block."""
    folder.mkdir(parents=True, exist_ok=True)
    house = Embedded(folder, dict(environment))
    try:
        yield house
    finally:
        if house.process is not None:
            end(house.process)
