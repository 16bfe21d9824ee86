"""What other sites load: the script, the frame, the example page; their headers, their sizes and their words."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from channels.web import texts
from channels.widget import loader
from config.vocabulary import LANGUAGES
from tests.channels.widget.running import HOST, Running, StartWidget

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "channels/web/static/widget"
# Aims of the product, compressed.
LOADER_BYTES = 4_000
FRAME_BYTES = 20_000


async def headers(running: Running, path: str) -> dict[str, str]:
    async with running.client.get(f"{running.base_url}{path}") as answer:
        assert answer.status == 200
        return {name.lower(): value for name, value in answer.headers.items()}


def directives(policy: str) -> dict[str, str]:
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in policy.split(";"))}


async def test_the_loader_may_be_used_by_any_page_and_nothing_else_may(widget: Running) -> None:
    assert (await headers(widget, "/widget.js"))["cross-origin-resource-policy"] == "cross-origin"
    assert (await headers(widget, "/widget.css"))["cross-origin-resource-policy"] == "cross-origin"
    assert (await headers(widget, "/widget/static/chat.js"))["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_only_the_listed_pages_may_frame_the_frame(widget: Running, language: str) -> None:
    got = await headers(widget, f"/widget/frame/{language}")
    policy = directives(got["content-security-policy"])
    assert policy["frame-ancestors"] == f"{widget.base_url} {HOST}"
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert "set-cookie" not in got
    example = directives((await headers(widget, f"/widget/demo/{language}"))["content-security-policy"])
    assert example["frame-ancestors"] == "'none'"
    assert example["frame-src"] == example["script-src"] == widget.base_url


async def test_without_a_list_of_pages_there_is_no_chat(start_widget: StartWidget) -> None:
    running = await start_widget(hosts=())
    paths = ("/widget.js", "/widget/frame/fr", "/widget/demo", "/widget/socket", "/widget/static/chat.js")
    for path in paths:
        async with running.client.get(f"{running.base_url}{path}") as answer:
            assert answer.status == 404, path
    assert (await running.post("begin", {"origin": HOST, "lang": "fr"}))[0] == 404


async def test_the_loader_weighs_at_most_4_kb_and_the_frame_20(widget: Running) -> None:
    assert len(gzip.compress(loader.made().script)) <= LOADER_BYTES
    total = 0
    for name in ("chat.css", "chat.js", "files.js", "log.js", "store.js", "wire.js"):
        total += len(gzip.compress((STATIC / name).read_bytes()))
    for language in LANGUAGES:
        async with widget.client.get(f"{widget.base_url}/widget/frame/{language}") as answer:
            assert total + len(gzip.compress(await answer.read())) <= FRAME_BYTES


async def test_the_loader_is_compressed_and_asked_for_again(widget: Running) -> None:
    async with widget.client.get(f"{widget.base_url}/widget.js") as answer:
        tag = answer.headers["ETag"]
        assert answer.headers["Content-Encoding"] == "gzip"
        assert await answer.read() == loader.made().script
    again = {"If-None-Match": tag}
    async with widget.client.get(f"{widget.base_url}/widget.js", headers=again) as answer:
        assert answer.status == 304
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_every_word_of_the_loader_is_in_it_and_nothing_is_left_to_fill() -> None:
    script = loader.made().script.decode()
    for language in LANGUAGES:
        for name in ("open", "close", "name", "new_one"):
            assert texts.pages()[language][f"widget.launcher.{name}"] in script
    assert "{WORDS}" not in script
    assert "{SHEET}" not in script


def test_every_key_that_a_template_names_exists() -> None:
    used = set()
    for path in (ROOT / "channels/widget/templates").glob("*.html"):
        used |= set(re.findall(r"t\['([\w.]+)'\]", path.read_text(encoding="utf-8")))
    assert len(used) > 20
    assert used <= texts.pages()["en"].keys()


def test_every_word_of_the_chat_is_used_by_a_script() -> None:
    scripts = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))
    named = set(re.findall(r"words\.(\w+)", scripts)) | {"kept", "read", "busy", "store", "long"}
    for key in texts.pages()["en"]:
        if key.startswith("widget.chat."):
            assert key.rpartition(".")[2] in named | {"earlier"}, key


def test_scripts_build_no_markup_from_text() -> None:
    for path in [*STATIC.glob("*.js"), *(ROOT / "channels/widget/launcher").glob("*.js")]:
        script = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|\.cookie", script), path
