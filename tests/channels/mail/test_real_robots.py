"""Robots and bounces among real mails of public test suites; see the SOURCE.json of each set."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from bench.replies import bodies, cases
from channels.mail.parse import parse
from channels.mail.robots import screen
from channels.message import RawMessage

SETS = ("flanker", "sisimai_err", "mailgem", "mime4j", "talon")
LABELLED = [
    pytest.param(case, data, id=case["id"])
    for name in SETS
    for case, data in cases(name)
    if "robot" in case["checks"] or "bounce" in case["checks"]
]
# Mails without a label that we take for robots, and by what.
UNLABELLED_ROBOTS = {
    "flanker/apache-message-news-mime": "Precedence: bulk",
    "flanker/from-encoding": "Precedence: bulk",
    "flanker/message-external-body": "Precedence: bulk",
    "mailgem/error_emails/bad_date_header.eml": "Precedence: junk",
    "mailgem/error_emails/empty_in_reply_to.eml": "List-Id",
    "mailgem/mime_emails/raw_email_with_mimepart_without_content_type.eml": "message/delivery-status",
    "mime4j/mimetools-testmsgs/badbound": "From: mail system error",
    "mime4j/mimetools-testmsgs/jt-0498": "Precedence: list",
}


@pytest.mark.parametrize(("case", "data"), LABELLED)
def test_a_labelled_mail(case: dict, data: bytes) -> None:
    text, _ = bodies(case, data)
    robot, bounce = screen(message_from_bytes(data), text, own_addresses=frozenset(), envelope={})
    if "robot" in case["checks"]:
        assert (robot is not None) == case["checks"]["robot"], robot
    if "bounce" in case["checks"]:
        assert (bounce is not None) == case["checks"]["bounce"], bounce
        assert bounce is None or bounce.recipient, "a bounce that concerns nobody is of no use"


@pytest.mark.parametrize(("case", "data"), LABELLED)
def test_the_parser_finds_the_same(case: dict, data: bytes) -> None:
    found = parse(RawMessage("email", "plaintes@partenamut.example", "1", data, datetime(2026, 5, 4, tzinfo=UTC)))
    if "robot" in case["checks"]:
        assert (found.robot is not None) == case["checks"]["robot"], found.robot
    if "bounce" in case["checks"]:
        assert (found.bounce is not None) == case["checks"]["bounce"], found.bounce


@pytest.mark.parametrize("name", SETS)
def test_no_other_mail_is_taken_for_a_robot(name: str) -> None:
    for case, data in cases(name):
        if case["wrap"] is None and "robot" not in case["checks"]:
            text, _ = bodies(case, data)
            robot, _ = screen(message_from_bytes(data), text, own_addresses=frozenset(), envelope={})
            assert (robot.evidence if robot else None) == UNLABELLED_ROBOTS.get(case["id"]), case["id"]


@pytest.mark.parametrize("name", SETS)
def test_the_parser_s_policy_changes_nothing(name: str) -> None:
    for case, data in cases(name):
        if case["wrap"] is None:
            text, _ = bodies(case, data)
            messages = (message_from_bytes(data), message_from_bytes(data, policy=default))
            first, second = (screen(each, text, own_addresses=frozenset(), envelope={}) for each in messages)
            assert (first[0] is None, first[1] is None) == (second[0] is None, second[1] is None), case["id"]
