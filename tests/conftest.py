"""Fixtures for all tests: the real servers, each in a file of its own under tests/servers/. And which tests are no quick ones."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = (
    "tests.servers.clamd",
    "tests.servers.redis",
    "tests.servers.postgres",
    "tests.servers.dovecot",
    "tests.servers.smtp",
    "tests.servers.telegram",
    "tests.servers.certificates",
    "tests.servers.twilio",
)

TESTS = Path(__file__).resolve().parent
# What runs on a register, in a process of the house, or behind its doors.
HOUSE = ("browser", "channels/form", "channels/widget", "console", "flow", "gateway", "store")
# What needs seconds of its own: training, letters, floods, silences, processes started anew.
SLOW = (
    "channels/mail/test_hostile_text.py",
    "channels/mail/test_lmtp.py",
    "channels/mail/test_send.py",
    "channels/mail/test_parse.py::test_bombs_are_bounded_and_still_read",
    "channels/mail/test_parse.py::test_memory_of_the_largest_mail",
    "channels/pictures/test_cleaned.py",
    "channels/twilio_sms/test_webhooks.py::test_a_slow_store_is_later_within_two_seconds_and_loses_nothing",
    "classifier/test_train.py",
    "chatbot/test_knowledge.py::test_near_misses_and_short_complaints_are_not_answered",
    "chatbot/test_knowledge.py::test_phrasings_left_out_are_found_and_stories_left_out_are_not",
    "chatbot/test_knowledge.py::test_questions_never_seen_are_found",
    "classifier/test_evaluate.py",
    "classifier/test_fuzz.py",
    "classifier/test_evaluate_command.py",
    "classifier/test_pipeline.py::test_a_process_with_the_classifier_alone_stays_small",
    "config/test_settings.py::test_a_password_is_never_an_argument",
    "config/test_settings.py::test_processes_apart_need_a_database_for_many",
    "config/test_settings.py::test_the_command_refuses_in_one_line_without_a_traceback",
    "router/test_letter.py",
    "test_imports.py::test_no_process_loads_the_model_but_the_one_that_classifies",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make unit` leaves out, so that it takes less than a minute."""
    for item in items:
        path = item.path.relative_to(TESTS).as_posix()
        name = f"{path}::{getattr(item, 'originalname', item.name)}"
        if path.startswith(tuple(f"{folder}/" for folder in HOUSE)):
            item.add_marker(pytest.mark.house)
        if path in SLOW or name in SLOW:
            item.add_marker(pytest.mark.slow)
