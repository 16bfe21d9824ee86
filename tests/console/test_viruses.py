"""Nobody opens a file before the scanner has looked into it: rule F7."""

from __future__ import annotations

import pytest

from channels.viruses import Verdict
from tests.console.conftest import Running
from tests.console.test_papers import first_message


@pytest.mark.parametrize("what", ["file", "original"])
@pytest.mark.parametrize(
    ("verdict", "status", "words"),
    [
        ("infected", 422, "A virus was found in"),
        ("unknown", 503, "is being checked"),
        ("clean", 200, ""),
        ("unasked", 200, ""),
    ],
)
async def test_what_the_scanner_says_decides_whether_a_file_is_given(
    running: Running, what: str, verdict: Verdict, status: int, words: str
) -> None:
    tom = await running.sign_in("tom")
    message = await first_message(running, "marie")
    number = message.files[0].id if what == "file" else message.id
    running.scanner.verdict = verdict
    answer = await tom.client.get(f"{running.case('marie')}/{what}/{number}")
    assert answer.status == status
    body = await answer.read()
    assert words.encode() in body
    assert (b"%PDF" in body) == (status == 200 and what == "file")
    # Everything else of the case stays readable, and the file is given once the scanner has looked.
    assert (await tom.client.get(running.case("marie"))).status == 200
    running.scanner.verdict = "clean"
    assert (await tom.client.get(f"{running.case('marie')}/{what}/{number}")).status == 200
