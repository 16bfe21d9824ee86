"""The quality policy as one HTML document for paper. `router.pdf` makes a PDF of it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

from config.directory import directory
from config.quality import Policy, Section
from config.vocabulary import Language
from router.dates import in_full
from router.texts import typographic

_STYLE: Final = (Path(__file__).resolve().parent / "policy.css").read_text(encoding="utf-8")


def policy_html(policy: Policy, language: Language) -> str:
    """The whole policy without any outside resource. Pure."""

    def said(text: str) -> str:
        return escape(typographic(text, language))

    def part(section: Section) -> str:
        text = "".join(f"<p>{said(line)}</p>" for line in section.text)
        points = "".join(f"<li>{said(line)}</li>" for line in section.points)
        listed = f"<ul>{points}</ul>" if points else ""
        return f"<section><h2>{said(section.title)}</h2>{text}{listed}</section>"

    office = escape(directory().office.name)
    before, between, after = policy.page.partition("{page}")[0], *policy.page.partition("{page}")[2].split("{pages}")
    version = policy.version_of.replace("{date}", in_full(policy.version, language))
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{said(policy.title)} - {office}</title><style>{_STYLE}"
        f'@page {{ @bottom-right {{ content: "{before}" counter(page) "{between}" counter(pages) "{after}"; }} }}'
        f'</style></head><body><p class="house">{office}</p><h1>{said(policy.title)}</h1>'
        f'<p class="lede">{said(policy.lede)}</p>{"".join(part(section) for section in policy.sections)}'
        f'<p class="version">{said(version)}</p></body></html>'
    )
