"""The routes of people and access, each with the right it asks for."""

from __future__ import annotations

from typing import Final

from console.me_page import MePage
from console.people_page import PeoplePage
from console.proof import KEPT, Proof
from console.rights import Right
from console.site import Handler, Site

_PERSON: Final = r"/console/people/{user:\d{1,15}}"


def routes(site: Site) -> list[tuple[str, str, str, Handler, Right]]:
    """Method, path, name, handler, and the right it asks for."""
    people, me = PeoplePage(site), MePage(site)
    return [
        ("GET", "/console/me", "me", me.show, "any"),
        ("POST", "/console/me/password", "me-password", me.password, "any"),
        ("POST", "/console/me/prefer", "me-prefer", me.prefer, "any"),
        ("POST", "/console/me/sessions", "me-end", me.end, "any"),
        ("GET", "/console/me/second-step", "me-second-step", me.second_step, "any"),
        ("POST", "/console/me/second-step", "me-second-step-set", me.set_second_step, "any"),
        ("POST", "/console/me/second-step/off", "me-second-step-off", me.no_second_step, "any"),
        ("POST", "/console/me/codes", "me-codes", me.codes, "any"),
        ("POST", "/console/proof", "proof", Proof(site).give, "any"),
        ("GET", KEPT, "proof-kept", Proof(site).kept, "any"),
        ("GET", "/console/people", "people", people.show, "oversees"),
        ("GET", "/console/people/new", "people-new", people.new, "administers"),
        ("POST", "/console/people/new", "people-add", people.add, "administers"),
        ("GET", _PERSON, "person", people.open, "administers"),
        ("POST", _PERSON, "person-change", people.change, "administers"),
        ("POST", f"{_PERSON}/disable", "person-disable", people.disable, "administers"),
        ("POST", f"{_PERSON}/enable", "person-enable", people.enable, "administers"),
        ("POST", f"{_PERSON}/end", "person-end", people.end_sessions, "administers"),
        ("POST", f"{_PERSON}/second-step", "person-second-step", people.no_second_step, "administers"),
        ("POST", f"{_PERSON}/password", "person-password", people.password, "administers"),
    ]
