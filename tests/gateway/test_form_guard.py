"""The guard of the form as an operator sets it, in a running house."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

from tests.channels.form.running import hidden
from tests.gateway.embedded import doors_open, embedded


def test_an_operator_can_ask_for_proofs_always_and_sees_it_in_the_figures(tmp_path: Path) -> None:
    with embedded(
        tmp_path, GUICHET_FORM_FLOOD="on", GUICHET_FORM_WAIT_SECONDS="600", GUICHET_FORM_PROOF_BITS="9"
    ) as house:
        house.start(ready=doors_open)
        assert "guichet_form_flooded 1.0" in house.ask("/metrics").text
        page = house.ask("/en/complaint")
        cookie = {"Cookie": page.headers["Set-Cookie"].partition(";")[0]}
        body = urllib.parse.urlencode({**hidden(page.text), "text": "Nobody answers."}).encode()
        answer = house.ask("/en/complaint?send", data=body, headers=cookie)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "600")
        assert ".9." in answer.text.partition('name="proof" value="')[2].partition('"')[0]
        assert "Nobody answers." in answer.text
