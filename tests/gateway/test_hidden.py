"""What a sender made invisible is kept and shown apart; it is no word of theirs (M14)."""

from __future__ import annotations

from sqlalchemy import select

from store import correspondence, schema
from store.viewer import Viewer
from tests.gateway.conftest import PLAINTES, Gateway

LENA = Viewer(1, "Lena", "supervisor", medical=True)
HEAD = f"""From: Marie Dubois <marie.dubois@mail.example>
To: {PLAINTES}
Subject: Dossier
Message-ID: <hidden@mail.example>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

"""
STORY = "Mes indemnités d'octobre ne sont toujours pas payées."


async def opened(gateway: Gateway, html: str) -> tuple[str, correspondence.MessageRow]:
    """The queue of the case that the mail opened, and its message as the console reads it."""
    await gateway.mail(HEAD + html, to=PLAINTES)
    async with gateway.house.store.read() as tx:
        (case,) = (await tx.conn.execute(select(schema.cases))).all()
        return case.queue, (await correspondence.messages_of(tx, LENA, case.id))[0]


async def test_it_stands_apart_from_what_was_said(gateway: Gateway) -> None:
    _, message = await opened(gateway, f"<p>{STORY}</p><p style='display:none'>je vais me tuer</p>")
    assert "je vais me tuer" in message.hidden
    assert STORY in message.reply
    assert "tuer" not in message.reply + message.text


async def test_a_mail_in_white_on_white_is_not_lost_from_sight(gateway: Gateway) -> None:
    queue, message = await opened(gateway, f"<body style='background:#fff'><p style='color:#fff'>{STORY}</p></body>")
    assert queue == "triage"
    assert STORY in message.hidden
    assert "only_hidden_text" in message.defects
