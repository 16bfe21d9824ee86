"""The routes of the rules: method, path, name, handler, and the right that each asks for."""

from __future__ import annotations

from typing import Final

from console.rehearsal_page import RehearsalPage
from console.rights import Right
from console.rules_contract import RuleHouse
from console.rules_draft import RulesDraft
from console.rules_examples import RulesExamples
from console.rules_page import RulesPage
from console.rules_version import RulesVersion
from console.site import Handler, Site

_VERSION: Final = "/console/rules/version/{version:[^/]{1,60}}"
_RULE: Final = "{rule:[a-z][a-z0-9_]{0,59}}"


def routes(site: Site, house: RuleHouse) -> list[tuple[str, str, str, Handler, Right]]:
    """Who decides about cases may read the rules; supervisors change them."""
    page, version = RulesPage(site, house), RulesVersion(site, house)
    draft, rehearsal = RulesDraft(site, house), RehearsalPage(site, house)
    examples = RulesExamples(site, house)
    return [
        ("GET", "/console/rules", "rules", page.show, "handles"),
        ("GET", f"/console/rules/cases/{_RULE}", "rules-cases", page.cases, "handles"),
        ("GET", _VERSION, "rules-version", version.show, "handles"),
        ("POST", f"{_VERSION}/return", "rules-back", version.go_back, "supervises"),
        ("POST", f"{_VERSION}/stay", "rules-stay", version.stay, "supervises"),
        ("GET", "/console/rules/draft", "rules-draft", draft.show, "supervises"),
        ("POST", "/console/rules/draft", "rules-draft-begin", draft.begin, "supervises"),
        ("POST", "/console/rules/draft/change", "rules-draft-change", draft.change, "supervises"),
        ("POST", "/console/rules/draft/publish", "rules-publish", draft.publish, "supervises"),
        ("POST", "/console/rules/draft/back", "rules-send-back", draft.send_back, "supervises"),
        ("GET", f"/console/rules/draft/rule/{_RULE}", "rules-edit", draft.edit, "supervises"),
        ("POST", f"/console/rules/draft/rule/{_RULE}", "rules-keep", draft.keep, "supervises"),
        ("GET", "/console/rules/draft/examples", "rules-examples", examples.show, "supervises"),
        ("POST", "/console/rules/draft/examples", "rules-examples-change", examples.change, "supervises"),
        ("POST", "/console/rules/draft/examples/add", "rules-examples-add", examples.add, "supervises"),
        ("GET", "/console/rules/rehearsal", "rules-rehearsal", rehearsal.show, "supervises"),
        ("GET", "/console/rules/rehearsal/found", "rules-found", rehearsal.found, "supervises"),
        ("POST", "/console/rules/rehearsal", "rules-rehearse", rehearsal.begin, "supervises"),
        ("POST", "/console/rules/rehearsal/stop", "rules-stop", rehearsal.stop, "supervises"),
        ("POST", r"/console/rules/rehearsal/{change:\d{1,15}}", "rules-judge", rehearsal.judge, "supervises"),
    ]
