"""PDFs that screen readers can read (PDF/UA), from HTML of ours, typeset in a child process: `python -m router.pdf`.

A typesetter is a large program over text that may be foreign, so the child has bounds on time and memory, fetches
nothing, inherits no settings and no keys, and says nothing on stderr. It reads the HTML on stdin and writes the PDF on
stdout.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from typing import Any, Final

MAX_PAGES: Final = 200
SECONDS: Final = 20
MEMORY: Final = 512 * 1024 * 1024
# What a child needs to start and to find its fonts; everything else of our environment stays here.
_INHERITED: Final = ("PATH", "PYTHONPATH", "LANG", "HOME", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "XDG_CACHE_HOME")


class PdfError(Exception):
    """The PDF could not be made; what it says is on a page too."""


async def make_pdf(html: str, timeout: float = SECONDS) -> bytes:  # noqa: ASYNC109  # The bound is the promise.
    """The PDF of a document. Raises PdfError when it cannot be made within `timeout` seconds and 512 MiB."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "router.pdf",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _INHERITED if name in os.environ},
    )
    try:
        async with asyncio.timeout(timeout):
            made, _ = await process.communicate(html.encode())
    except TimeoutError:
        raise PdfError(f"the PDF took over {timeout:g} seconds") from None
    finally:
        if process.returncode is None:
            process.kill()
            # What it had written is read too: with a full pipe, waiting alone would never end.
            await process.communicate()
    if process.returncode != 0 or not made.startswith(b"%PDF-"):
        raise PdfError(f"the typesetter ended with {process.returncode}")
    return made


def render_pdf(html: str) -> bytes:
    """The PDF of a document. Takes seconds and memory: call it in a child process. Raises PdfError."""
    # Importing the typesetter takes over a second and loads shared libraries: only where it is used.
    from weasyprint import HTML  # noqa: PLC0415
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    class Refuse(URLFetcher):  # type: ignore[misc]  # weasyprint is untyped.
        """Fetches nothing at all; its default reads files of the machine."""

        def fetch(self, *_: Any, **__: Any) -> Any:
            raise PdfError("a document fetches nothing")

    document = HTML(string=html, url_fetcher=Refuse()).render(pdf_variant="pdf/ua-1")
    if len(document.pages) > MAX_PAGES:
        raise PdfError(f"the document would have over {MAX_PAGES} pages")
    made: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return made


def main() -> None:
    """The child: bounds first, then read, typeset, write."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(render_pdf(sys.stdin.buffer.read().decode()))


if __name__ == "__main__":
    main()
