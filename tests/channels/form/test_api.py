"""The API over real HTTP: F1 to F4, problem details, and the description held against what really comes back."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest
from aiohttp import FormData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.form.submission import Submission
from tests.channels.form.running import Running, Start
from tests.channels.form.schema import check, check_answer, resolve

URL = "/api/v1/messages"


async def send(running: Running, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    """Post JSON and hold the answer against the description."""
    answer = await running.client.post(
        URL,
        data=json.dumps(body),
        headers={
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )
    description = await (await running.client.get("/api/v1/openapi.json")).json()
    value = json.loads(await answer.read())
    check_answer(description, "post", URL, answer, value)
    return answer.status, value


async def test_json_gives_a_receipt(running: Running) -> None:
    status, body = await send(
        running,
        {
            "text": "Hallo.",
            "name": "Jan",
            "email": "jan@mail.example",
            "language": "nl",
            "queue": "mediation",
            "due_on": "1999-01-01",
        },
    )
    assert status == 201
    assert body["language"] == "nl"
    assert body["due_on"] == "2026-12-23"
    assert body["status_url"].startswith(f"{running.base_url}/nl/c/")
    submission = Submission.from_bytes(running.door.raw[0])
    assert (submission.text, submission.name, submission.language) == ("Hallo.", "Jan", "nl")
    assert b"1999" not in running.door.raw[0]


async def test_multipart_with_files(running: Running) -> None:
    # As browsers do, unlike aiohttp by default: names raw in UTF-8.
    data = FormData(quote_fields=False)
    data.add_field("text", "Zie bijlage.")
    data.add_field(
        "letter", b"%PDF-1.7\n%%EOF", filename="../../etc/lett\u202ere d’été.pdf", content_type="application/pdf"
    )
    answer = await running.client.post(URL, data=data)
    assert answer.status == 201
    file = Submission.from_bytes(running.door.raw[0]).files[0]
    assert (file.name, file.content) == ("lettre d’été.pdf", b"%PDF-1.7\n%%EOF")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \0\n"}, "text"),
        ({"text": 3}, "text"),
        ({"text": ["x"]}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "x", "email": "nobody"}, "email"),
        ({"text": "x", "phone": "12"}, "phone"),
        ({"text": "x", "phone": "0" * 10_000}, "phone"),
        ({"text": "x", "name": "n" * 121}, "name"),
        ({"text": "x", "language": "es"}, "language"),
        ([], ""),
        ("text", ""),
        (None, ""),
    ],
)
async def test_wrong_bodies_name_the_field(running: Running, body: Any, field: str) -> None:
    status, answer = await send(running, body, Accept_Language="de")
    assert status == 422
    assert [error["field"] for error in answer["errors"]] == [field]
    assert answer["title"] == "Etwas fehlt oder stimmt nicht"
    assert running.door.raw == []


async def test_nul_and_lone_surrogates_are_repaired(running: Running) -> None:
    answer = await running.client.post(
        URL,
        data=b'{"text": "a\\u0000b\\ud800c\\r\\nd", "name": "J\\u0000an\\nP"}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status == 201
    submission = Submission.from_bytes(running.door.raw[0])
    assert (submission.text, submission.name) == ("ab\ufffdc\nd", "Jan P")


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b'{"text": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"text=x", "application/x-www-form-urlencoded", 415),
        (b"<x/>", "application/xml", 415),
        (b"", "", 415),
        (b"x", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=b", 400),
        (b"--b\r\n\r\n\r\nx", "multipart/form-data; boundary=b", 400),
        (
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
            400,
        ),
    ],
)
async def test_unreadable_bodies(running: Running, data: bytes, content_type: str, status: int) -> None:
    answer = await running.client.post(URL, data=data, headers={"Content-Type": content_type})
    assert answer.status == status
    assert answer.content_type == "application/problem+json"
    # Who sent broken JSON reads that it must be JSON, not only that something was wrong.
    is_json = content_type == "application/json"
    errors = (await answer.json()).get("errors", [])
    assert any("JSON" in error["message"] for error in errors) == is_json


async def test_compressed_bodies_are_refused_unread(running: Running) -> None:
    data = gzip.compress(b'{"text": "x"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await running.client.post(URL, data=data, headers=headers)).status == 415


async def test_idempotency_key_gives_the_first_answer_again_in_parallel_too(running: Running) -> None:
    answers = await asyncio.gather(*(send(running, {"text": "Once."}, Idempotency_Key="key 1") for _ in range(5)))
    assert {json.dumps(body) for _, body in answers} == {json.dumps(answers[0][1])}
    assert len(running.door.raw) == 1
    status, body = await send(running, {"text": "Other."}, Idempotency_Key="key 1")
    assert status == 422
    assert "PM-2026" not in json.dumps(body)
    assert "/c/" not in json.dumps(body)


@pytest.mark.parametrize("key", ["", "x" * 129, "tab\there", "é"])
async def test_bad_keys_are_refused(running: Running, key: str) -> None:
    answer = await running.client.post(URL, json={"text": "x"}, headers={"Idempotency-Key": key})
    assert answer.status == 400
    assert running.door.raw == []


async def test_two_keys_are_refused(running: Running) -> None:
    answer = await running.client.post(
        URL, json={"text": "x"}, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    )
    assert answer.status == 400


async def test_store_unavailable(running: Running) -> None:
    running.door.full = True
    answer = await running.client.post(URL, json={"text": "x"})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "120")


async def test_rate(running: Running) -> None:
    statuses = [(await send(running, {"text": "x"}, X_Forwarded_For=f"192.0.2.{number}"))[0] for number in range(42)]
    assert statuses[:40] == [201] * 40
    assert 429 in statuses[40:]


async def test_other_websites_cannot_use_a_visitors_browser(running: Running) -> None:
    assert (await send(running, {"text": "x"}, Sec_Fetch_Site="cross-site"))[0] == 403


async def test_description_promises_only_text_in_a_form(running: Running) -> None:
    description = await (await running.client.get("/api/v1/openapi.json")).json()
    content = description["paths"][URL]["post"]["requestBody"]["content"]
    form = content["multipart/form-data"]["schema"]["properties"]
    message = description["components"]["schemas"]["Message"]["properties"]
    assert set(form) == {*message, "files"}
    # A part of a form cannot be null: a description that says so makes its readers send the word "null".
    for name in message:
        assert resolve(description, form[name])["type"] == "string"
    for example in content["application/json"]["examples"].values():
        check(description, description["components"]["schemas"]["Message"], example["value"], "example")
        assert (await send(running, example["value"]))[0] == 201


@pytest.mark.parametrize(("method", "status"), [("GET", 405), ("DELETE", 405), ("PUT", 405)])
async def test_other_methods(running: Running, method: str, status: int) -> None:
    answer = await running.client.request(method, URL)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert answer.headers["Allow"] == "POST"


async def test_a_broken_house_gives_a_number_and_nothing_else(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr(running.door, "accept", broken)
    status, body = await send(running, {"text": "x"})
    assert status == 500
    assert len(body["number"]) == 8
    assert "secret" not in json.dumps(body)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_names = st.sampled_from(["text", "name", "email", "phone", "member_number", "language", "subject", "queue"]) | st.text(
    max_size=8
)


async def test_no_body_makes_a_500(start: Start) -> None:
    running = await start(limiter=_Never())
    loop = asyncio.get_running_loop()

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(_names, _values, max_size=6) | _values)
    def fuzz(body: Any) -> None:
        status, _ = asyncio.run_coroutine_threadsafe(send(running, body), loop).result(30)
        assert status in (201, 422)

    await asyncio.to_thread(fuzz)


_pieces = st.sampled_from(
    [
        b"--b",
        b"--b--",
        b"\r\n",
        b"\n",
        b"--",
        b'Content-Disposition: form-data; name="text"\r\n',
        b'Content-Disposition: form-data; name="f"; filename="a.png"\r\n',
        b"Content-Disposition: form-data; filename*=utf-8''%ff%00.txt; name=f\r\n",
        b"Content-Disposition: form-data; name\r\n",
        b'Content-Disposition: ;;;="\r\n',
        b'Content-Disposition: form-data; name="_charset_"\r\n\r\nutf-7',
        b"Content-Type: text/plain; charset=nonsense\r\n",
        b"Content-Type: multipart/mixed; boundary=c\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Length: -1\r\n",
        b"words \xff\x00 words",
        b": no name\r\n",
    ]
) | st.binary(max_size=20)


async def test_no_multipart_makes_a_500(start: Start) -> None:
    running = await start(limiter=_Never())
    loop = asyncio.get_running_loop()

    async def post(body: bytes) -> int:
        answer = await running.client.post(URL, data=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
        return answer.status

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(_pieces, max_size=12), st.booleans())
    def fuzz(pieces: list[bytes], begun: bool) -> None:
        body = (b"--b\r\n" if begun else b"") + b"".join(pieces)
        assert asyncio.run_coroutine_threadsafe(post(body), loop).result(30) in (201, 400, 413, 422)

    await asyncio.to_thread(fuzz)


class _Never:
    async def take(self, scope: str, key: str, *, rate: int, burst: int, per_day: int) -> int:
        return 0
