"""Text messages of a house without an account at Twilio: a file for each, whole, and nothing leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from channels.contract import Delivery
from channels.message import OutboundMessage
from channels.twilio_sms.in_files import TextFiles

OURS = "+3226000000"
MESSAGE = OutboundMessage(
    key="answer-7-1",
    channel="sms",
    account=OURS,
    recipient="+32470001122",
    recipient_name="",
    subject="",
    text="Bonjour\u00a0! Votre réponse est là\u202f: https://plaintes.example/c/x",
    language="fr",
    auto=False,
)


async def test_each_message_is_a_file_and_the_same_one_again_the_same_file(tmp_path: Path) -> None:
    sending = TextFiles(OURS, tmp_path / "sent")
    for message in (MESSAGE, MESSAGE, replace(MESSAGE, key="../../etc/x:ü")):
        assert (await sending.send(message)).outcome == "sent"
    names = sorted(path.name for path in (tmp_path / "sent").iterdir())
    assert len(names) == 2
    kept = tmp_path / "sent" / "answer-7-1.txt"
    # As it would be billed: in the signs of a short message.
    assert kept.read_text(encoding="utf-8") == (
        f"From: {OURS}\nTo: +32470001122\n\nBonjour ! Votre réponse est là : https://plaintes.example/c/x\n"
    )
    assert kept.stat().st_mode & 0o077 == 0


async def test_what_could_never_go_is_refused_here_too(tmp_path: Path) -> None:
    sending = TextFiles(OURS, tmp_path / "sent")
    assert await sending.send(replace(MESSAGE, recipient="anne@mail.example")) == Delivery("failed", "21211")
    assert (await sending.send(replace(MESSAGE, text="x" * 1601))).outcome == "failed"
    assert not (tmp_path / "sent").exists()


async def test_no_room_is_later(tmp_path: Path) -> None:
    (tmp_path / "sent").write_text("in the way", encoding="utf-8")
    assert (await TextFiles(OURS, tmp_path / "sent").send(MESSAGE)).outcome == "later"
