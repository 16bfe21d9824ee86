"""Take the pictures of the console's plain pages anew, from a demonstration that runs (`make demo`):

    python docs/screens/take.py http://127.0.0.1:8080 PASSWORD [NAME ...]

With names, only those. What needs steps before it is seen (a form half filled in, a conversation) is taken by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, async_playwright

HERE: Final = Path(__file__).resolve().parent
_HEIGHTS: Final[Mapping[int, int]] = {1280: 900, 768: 1024, 390: 844}


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as one person sees it. `link`: the first link of this class on it is followed first."""

    login: str
    path: str
    widths: tuple[int, ...] = (1280, 768)
    dark: bool = False
    link: str = ""


PICTURES: Final[Mapping[str, Picture]] = {
    "acts": Picture("tom", "/console/me/acts"),
    "announce": Picture("lena", "/console/channels/announce"),
    "audit": Picture("lena", "/console/audit"),
    "case": Picture("tom", "/console/queue/mediation", dark=True, link="row-link"),
    "channels": Picture("lena", "/console/channels", dark=True),
    "deadlines": Picture("lena", "/console/deadlines"),
    "entry": Picture("fatima", "/console/entry", dark=True),
    "fates": Picture("lena", "/console/fates"),
    "guide": Picture("tom", "/console/guide"),
    "keys": Picture("tom", "/console/keys", widths=(1280,)),
    "list": Picture("tom", "/console/", widths=(1280, 768, 390)),
    "me": Picture("tom", "/console/me"),
    "people": Picture("admin", "/console/people"),
    "quality": Picture("lena", "/console/quality", dark=True),
    "quarantine": Picture("lena", "/console/quarantine"),
    "queue": Picture("tom", "/console/queue/mediation", widths=(1280, 768, 390)),
    "queues": Picture("lena", "/console/queues"),
    "report": Picture("lena", "/console/report", dark=True),
    "rules": Picture("lena", "/console/rules"),
    "search": Picture("tom", "/console/search?q=remboursement", widths=(1280, 768, 390)),
    "texts": Picture("lena", "/console/texts"),
    "triage": Picture("tom", "/console/queue/triage", widths=(1280, 390)),
}


async def take(browser: Browser, base: str, password: str, name: str) -> list[Path]:
    """One page in its widths, in light and, where it is so, in dark."""
    picture, made = PICTURES[name], list[Path]()
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark") if picture.dark else ("light",)
    context = await browser.new_context(locale="en", reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(f"{base}/console/sign-in")
    await page.get_by_label("Login").fill(picture.login)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", level=1).wait_for()
    await page.goto(base + picture.path)
    if picture.link:
        await page.locator(f".{picture.link}").first.click()
        await page.wait_for_load_state()
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme)
        for width in picture.widths if scheme == "light" else (1280,):
            await page.set_viewport_size({"width": width, "height": _HEIGHTS[width]})
            made.append(HERE / f"console-{name}-{width}{'' if scheme == 'light' else '-dark'}.png")
            await page.screenshot(path=made[-1])
    await context.close()
    return made


async def main() -> None:
    """Take all of them, or those that were named."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("base", help="where the demonstration is, such as http://127.0.0.1:8080")
    asked.add_argument("password", help="as the demonstration printed it")
    asked.add_argument("names", nargs="*", choices=[*PICTURES, []], metavar="NAME", help=", ".join(PICTURES))
    given = asked.parse_args()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for name in given.names or PICTURES:
            for path in await take(browser, given.base, given.password, name):
                sys.stdout.write(f"{path.name}\n")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
