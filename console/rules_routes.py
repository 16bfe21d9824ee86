"""The routes of the rules: method, path, name, handler, and the right that each asks for."""

from __future__ import annotations

from typing import Final

from console.rights import Right
from console.rules_page import RulesPage
from console.site import Handler, Site

_RULE: Final = "{rule:[a-z][a-z0-9_]{0,59}}"


def routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Who decides about cases may read the rules; supervisors change them."""
    page = RulesPage(site)
    return [
        ("GET", "/console/rules", "rules", page.show, "handles"),
        ("GET", f"/console/rules/cases/{_RULE}", "rules-cases", page.cases, "handles"),
        ("GET", "/console/rules/version/{version:[^/]{1,60}}", "rules-version", page.version, "handles"),
    ]
