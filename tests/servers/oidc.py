"""A real OpenID Connect provider: npm's `oidc-provider` in a process of node, on a port of loopback."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.servers import process

_HERE = Path(__file__).resolve().parent / "oidc"
# Beside the packages of Python: thrown away and made anew with them.
_INSTALLED = Path(sys.prefix) / "oidc"


class OidcServer:
    """One provider for one client. It signs in whoever gives a login; "name:group,group" puts them into groups."""

    client_id = "guichet"
    client_secret = "a secret of the tests: with + and / in it"

    def __init__(self, back: str) -> None:
        self._node = process.find_binary("node", "nodejs")
        self.port = process.free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self._back = back
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; the first time its packages are fetched, by the lock file."""
        _install()
        script = _INSTALLED / "provider.mjs"
        shutil.copy(_HERE / "provider.mjs", script)
        self._process = subprocess.Popen(
            [self._node, str(script), str(self.port), self.client_id, self.client_secret, self._back],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        process.wait_until(lambda: process.answers(self.port), "the OpenID Connect provider answers")

    def stop(self) -> None:
        """Stop it; does nothing when it is stopped."""
        if self._process is not None:
            process.end(self._process, signal.SIGTERM)
            self._process = None


def _install() -> None:
    lock = (_HERE / "package-lock.json").read_bytes()
    done = _INSTALLED / "installed"
    if done.is_file() and done.read_bytes() == lock:
        return
    npm = process.find_binary("npm", "npm")
    _INSTALLED.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_HERE / name, _INSTALLED / name)
    subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=_INSTALLED, check=True, timeout=300
    )
    done.write_bytes(lock)
