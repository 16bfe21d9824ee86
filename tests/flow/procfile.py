"""The Procfile's processes, started as in production on real servers, and killed, stopped and asked from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GUICHET = Path(sys.executable).parent / "guichet"


def procfile() -> dict[str, list[str]]:
    """The commands of the Procfile, by name, with this environment's own `guichet`."""
    found = {}
    for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines():
        name, _, command = line.partition(":")
        words = command.split()
        assert words[0] == "exec"
        assert words[1] == ".venv/bin/guichet"
        found[name] = [str(GUICHET), *words[2:]]
    return found


@dataclass
class Processes:
    """The processes of one house; `environment` is what they are started with."""

    folder: Path
    environment: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start processes by their name in the Procfile; "worker2" is a second worker."""
        for name in names:
            command = procfile()[name.rstrip("0123456789")]
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    command, env=os.environ | self.environment, cwd=self.folder, stdout=log, stderr=log
                )

    def end(self, name: str, how: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        """End one process and return its code."""
        process = self.running.pop(name)
        process.send_signal(how)
        return process.wait(timeout=seconds)

    def end_all(self) -> dict[str, int]:
        """End every process as an operator would; return their codes."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        codes = {}
        for name, process in self.running.items():
            try:
                codes[name] = process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = process.wait()
        self.running.clear()
        return codes

    def command(self, *words: str, check: bool = True) -> str:
        """Run a `guichet` command in the same house."""
        done = subprocess.run(
            [str(GUICHET), *words],
            env=os.environ | self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done.stdout

    def reconcile(self) -> dict[str, Any]:
        """What `guichet reconcile` says, sound or not."""
        found: dict[str, Any] = json.loads(self.command("reconcile", "--json", check=False))
        return found

    def url(self, path: str) -> str:
        """An address of the web process."""
        return f"http://127.0.0.1:{self.environment['PORT']}{path}"

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Wait until the web process is ready and a worker with its model has given a sign of life."""
        until = time.monotonic() + seconds
        last: object = None
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(self.url("/readyz"), timeout=5) as answer:
                    last = json.load(answer)
                if not {reason["what"] for reason in last["reasons"]} & {"worker", "model", "mailbox"}:  # type: ignore[index]
                    return
            except (OSError, urllib.error.HTTPError) as error:
                last = error
            time.sleep(0.2)
        raise AssertionError(f"not ready after {seconds} s: {last}; {self.logs()}")

    def logs(self) -> str:
        """The last lines of every process."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-15:])
            for path in sorted(self.folder.glob("*.log"))
        )

    def metric(self, name: str) -> float:
        """One gauge of the web process's /metrics; -1 while it cannot be asked."""
        try:
            with urllib.request.urlopen(self.url("/metrics"), timeout=10) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return -1
        return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    def post(self, text: str, *, email: str = "", key: str = "") -> dict[str, Any]:
        """Post a message by the API."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        body = json.dumps({"text": text, "email": email or None, "name": "Ada Voorbeeld"}).encode()
        request = urllib.request.Request(self.url("/api/v1/messages"), data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found
