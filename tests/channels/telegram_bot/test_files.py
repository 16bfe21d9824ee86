"""Fetching files: from the API alone, bounded in size and time, with the type of their content (H4)."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.telegram_bot.bot import Access
from channels.telegram_bot.files import FileUnavailableError, TelegramFiles
from channels.telegram_bot.media import Media
from tests.servers.telegram import TOKEN, TelegramServer

PDF = b"%PDF-1.7 a letter"
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 400


def media(file_id: str = "pdf", *, kind: str = "document", declared: str = "", size: int = 0, name: str = "") -> Media:
    return Media(kind, file_id, declared, size, name)  # type: ignore[arg-type]  # the kinds of the tests are kinds


@pytest.fixture
def files(telegram: TelegramServer) -> TelegramFiles:
    return TelegramFiles(Access(TOKEN, telegram.url), most_bytes=200_000, seconds=1)


async def refusal(files: TelegramFiles, wanted: Media) -> str:
    with pytest.raises(FileUnavailableError) as error:
        await files.fetch(wanted)
    assert error.value.again == (error.value.reason in ("unreachable", "refused"))
    return error.value.reason


async def test_a_file_comes_with_the_type_of_its_content(telegram: TelegramServer, files: TelegramFiles) -> None:
    telegram.files = {"pdf": PDF, "photo": JPEG, "program": b"MZ\x90\x00" + bytes(100), "voice": b"OggS" + bytes(50)}
    found = await files.fetch(media(declared="application/pdf", name="facture.pdf"))
    assert (found.name, found.type, found.content, found.declared_type) == (
        "facture.pdf",
        "application/pdf",
        PDF,
        "application/pdf",
    )
    photo = await files.fetch(media("photo", kind="photo", declared="image/jpeg"))
    assert (photo.name, photo.type, photo.content) == ("photo.jpg", "image/jpeg", JPEG)
    voice = await files.fetch(media("voice", kind="voice", declared="audio/ogg"))
    assert (voice.name, voice.type) == ("voice.ogg", "audio/ogg")
    program = await files.fetch(media("program", declared="application/pdf", name="C:\\x\\facture.pdf"))
    assert (program.name, program.type) == ("facture.pdf", "application/vnd.microsoft.portable-executable")


async def test_a_file_over_the_bound_is_not_fetched_or_left_in_the_middle(
    telegram: TelegramServer, files: TelegramFiles
) -> None:
    telegram.files = {"large": b"x" * 200_001, "full": b"x" * 200_000}
    assert await refusal(files, media("large", size=200_001)) == "too_large"
    assert telegram.calls == []
    assert await refusal(files, media("large", size=10)) == "too_large"
    assert (await files.fetch(media("full"))).size == 200_000


@pytest.mark.parametrize(
    "path",
    [
        "https://files.example.org/x", "//files.example.org/x", "/etc/passwd", "../secret", "documents/../../x", "a/./b", "",
        "documents/x?y=1", "documents/x#y", "a\\b", "a\nb", "documents/%2e%2e/x", "file:///etc/passwd", "a/" * 20 + "b",
    ],
)  # fmt: skip
async def test_a_path_that_leads_elsewhere_is_not_followed(
    telegram: TelegramServer, files: TelegramFiles, path: str
) -> None:
    telegram.paths = {"pdf": path}
    assert await refusal(files, media()) == "gone"
    assert telegram.fetched == []


async def test_a_redirect_is_not_followed_and_no_token_goes_elsewhere(
    telegram: TelegramServer, files: TelegramFiles
) -> None:
    seen: list[str] = []

    async def see(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(body=PDF)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", see)
    elsewhere = TestServer(app)
    await elsewhere.start_server()
    telegram.files = {"pdf": PDF}
    telegram.trouble("file", status=302, body=elsewhere.make_url("/x"))
    assert await refusal(files, media()) == "unreachable"
    await elsewhere.close()
    assert seen == []


@pytest.mark.parametrize(
    ("method", "trouble", "reason"),
    [
        ("getFile", {"status": 400, "body": {"ok": False, "description": "Bad Request: file is too big"}}, "too_large"),
        ("getFile", {"status": 400, "body": {"ok": False, "description": "Bad Request: wrong file_id"}}, "gone"),
        ("getFile", {"status": 401, "body": {"ok": False, "description": "Unauthorized"}}, "refused"),
        ("getFile", {"status": 429, "body": {"ok": False, "parameters": {"retry_after": 9}}}, "unreachable"),
        ("getFile", {"status": 500}, "unreachable"),
        ("getFile", {"status": 200, "body": b'{"ok": true, "result": [7]}'}, "gone"),
        ("getFile", {"status": 200, "hang": 2}, "unreachable"),
        ("file", {"status": 404}, "gone"),
        ("file", {"status": 500}, "unreachable"),
        ("file", {"status": 200, "hang": 2}, "unreachable"),
    ],
)
async def test_trouble_is_said_with_whether_to_try_again(
    telegram: TelegramServer, files: TelegramFiles, method: str, trouble: dict[str, object], reason: str
) -> None:
    telegram.files = {"pdf": PDF}
    telegram.trouble(method, **trouble)
    begun = time.monotonic()
    assert await refusal(files, media()) == reason
    assert time.monotonic() - begun < 1.8


async def test_a_server_that_is_gone(telegram: TelegramServer, files: TelegramFiles) -> None:
    await telegram.stop()
    assert await refusal(files, media()) == "unreachable"


async def test_many_at_once(telegram: TelegramServer, files: TelegramFiles) -> None:
    telegram.files = {f"f{n}": b"%%PDF-1.7 %d" % n for n in range(10)}
    found = await asyncio.gather(*(files.fetch(media(f"f{n}")) for n in range(10)))
    assert [each.content for each in found] == [b"%%PDF-1.7 %d" % n for n in range(10)]
