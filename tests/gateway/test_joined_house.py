"""`guichet run` as an operator starts it, joined to both providers: a text and a photo are answered, and no log tells of them."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import urllib.parse
from collections.abc import Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from tests.gateway.embedded import embedded
from tests.gateway.providers import MESSAGES, PUBLIC, STATUS, UPDATES, private
from tests.servers import telegram as bot_api
from tests.servers import twilio as rest_api
from tests.servers.telegram import TelegramServer
from tests.servers.twilio import Twilio, inbound, sid, signature

CANARIES = ("qztextword", "qzprofile", "qzfile", "470001103", "4711", bot_api.SECRET, bot_api.TOKEN, rest_api.TOKEN)
STORY = "Bonjour qztextword, mes remboursements de kiné n'arrivent pas depuis trois mois et personne ne répond."


class Loop:
    """An event loop in a thread of its own, where the providers answer while the test waits."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something there and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def end(self) -> None:
        """Stop it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def providers() -> Iterator[tuple[Twilio, TelegramServer, Loop]]:
    there, twilio, telegram = Loop(), Twilio(), TelegramServer()
    server = TestServer(twilio.app(), loop=there.loop)
    there.do(server.start_server())
    there.do(telegram.start())
    twilio.url = f"http://127.0.0.1:{server.port}"
    yield twilio, telegram, there
    there.do(server.close())
    there.do(telegram.stop())
    there.end()


def test_a_house_answers_by_both_and_tells_nobody(
    tmp_path: Path, providers: tuple[Twilio, TelegramServer, Loop]
) -> None:
    twilio, telegram, there = providers
    settings = {
        "GUICHET_DEBUG": "1",
        "GUICHET_PUBLIC_URL": PUBLIC,
        "GUICHET_TWILIO_ACCOUNT_SID": rest_api.SID,
        "GUICHET_TWILIO_AUTH_TOKEN": rest_api.TOKEN,
        "GUICHET_TWILIO_API_URL": twilio.url,
        "GUICHET_SMS_NUMBER": rest_api.SMS_NUMBER,
        "GUICHET_TELEGRAM_TOKEN": bot_api.TOKEN,
        "GUICHET_TELEGRAM_WEBHOOK_SECRET": bot_api.SECRET,
        "GUICHET_TELEGRAM_API": telegram.url,
    }
    with embedded(tmp_path, **settings) as house:
        house.start()

        def post(path: str, fields: list[tuple[str, str]], token: str = rest_api.TOKEN) -> int:
            signed = {"X-Twilio-Signature": signature(PUBLIC + path, fields, token)}
            return house.ask(path, data=urllib.parse.urlencode(fields).encode(), headers=signed).status

        twilio.misbehave = ["503"]
        assert post(MESSAGES, inbound(STORY, ProfileName="qzprofile")) == 200
        assert post(MESSAGES, inbound(STORY), token="qzguess") == 403
        # Refused once, it is tried again some seconds later.
        house.wait_for(lambda: bool(twilio.sent), "no answer by SMS", 40)
        key = twilio.sent[0]["StatusCallback"].removeprefix(PUBLIC + STATUS)
        assert (
            post(STATUS + key, [("MessageSid", sid(1001)), ("MessageStatus", "undelivered"), ("ErrorCode", "30003")])
            == 204
        )

        telegram.files["qzfile-1"] = b"\xff\xd8\xff\xe0qztextword"
        telegram.trouble("getFile", status=500)
        photo = {"text": None, "caption": STORY, "photo": [{"file_id": "qzfile-1", "width": 9, "height": 9}]}
        for said in (private(STORY), private("", number=2, **photo)):
            update = telegram.say(message=said)
            url = f"http://127.0.0.1:{house.port}{UPDATES}"
            assert there.do(telegram.post_webhook(url, update)) == 204
            assert there.do(telegram.post_webhook(url, update, secret="qzguess")) == 403
        house.wait_for(lambda: telegram.fetched == ["documents/qzfile-1"], "the photo was not fetched", 40)
        house.wait_for(lambda: len(telegram.of("sendMessage")) >= 2, "no answers by Telegram", 40)

        telegram.files["qzfile-2"] = b"OggSqztextword"
        voice = {"text": None, "voice": {"file_id": "qzfile-2", "duration": 12, "mime_type": "audio/ogg"}}
        assert there.do(telegram.post_webhook(url, telegram.say(message=private("", number=3, **voice)))) == 204
        house.wait_for(lambda: "documents/qzfile-2" in telegram.fetched, "the voice note was not fetched", 40)
        unheard = "Je ne peux pas l’écouter"
        house.wait_for(
            lambda: any(unheard in call.arguments["text"] for call in telegram.of("sendMessage")),
            "nothing on the voice",
            40,
        )
        code, seconds = house.end()
        assert (code, seconds < 25) == (0, True)
        # Both files were read by the real parser in its child, and stand at the lines that brought them.
        with closing(sqlite3.connect(house.folder / "data" / "guichet.db")) as register:
            kept = register.execute("SELECT type FROM message_files ORDER BY id").fetchall()
        assert [kind for (kind,) in kept] == ["image/jpeg", "audio/ogg"]
        log = house.log()
        assert "text_message_handed_over" in log
        assert "telegram_message_handed_over" in log
        assert [canary for canary in CANARIES if canary in log] == []
