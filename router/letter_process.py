"""Making a letter in a child process with bounds on time and memory: `python -m router.letter_process`.

The child reads one JSON object (the fields of LetterData, the date as text) on stdin and writes the PDF on stdout. It
inherits no settings and no keys, and says nothing on stderr that a member wrote.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from dataclasses import asdict
from datetime import date
from typing import Final

from router.letter import LetterData, LetterError, letter_html, render_pdf

SECONDS: Final = 20
MEMORY: Final = 512 * 1024 * 1024
# What a child needs to start and to find its fonts; everything else of our environment stays here.
_INHERITED: Final = ("PATH", "PYTHONPATH", "LANG", "HOME", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "XDG_CACHE_HOME")


async def make_letter(data: LetterData, timeout: float = SECONDS) -> bytes:  # noqa: ASYNC109  # The bound is the promise.
    """The PDF of a letter. Raises LetterError when it cannot be made within `timeout` seconds and 512 MiB."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "router.letter_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
    )
    try:
        async with asyncio.timeout(timeout):
            made, _ = await process.communicate(_to_json(data))
    except TimeoutError:
        raise LetterError(f"the letter took over {timeout:g} seconds") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or not made.startswith(b"%PDF-"):
        raise LetterError(f"the typesetter ended with {process.returncode}")
    return made


def _to_json(data: LetterData) -> bytes:
    return json.dumps(asdict(data) | {"written_on": data.written_on.isoformat()}).encode()


def _from_json(line: bytes) -> LetterData:
    given = json.loads(line)
    given["written_on"] = date.fromisoformat(given["written_on"])
    given["address"], given["files"] = tuple(given["address"]), tuple(given["files"])
    return LetterData(**given)


def main() -> None:
    """The child: bounds first, then read, typeset, write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(render_pdf(letter_html(_from_json(sys.stdin.buffer.read()))))


if __name__ == "__main__":
    main()
