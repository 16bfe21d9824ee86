"""Publishing rules: the one way by which a rule set becomes the one that decides, for console and command alike."""

from __future__ import annotations

from datetime import datetime

from router.check import check
from router.decide import RuleError, RuleSet
from store import rule_sets
from store.database import Tx


async def publish(tx: Tx, rules: RuleSet, body: str, *, comment: str, author_id: int | None, now: datetime) -> bool:
    """Make the set live; False when this version was published before. Raises RuleError when an example does not hold."""
    problems = check(rules)
    if problems:
        raise RuleError(problems)
    return await rule_sets.publish(tx, version=rules.version, body=body, comment=comment, author_id=author_id, now=now)
