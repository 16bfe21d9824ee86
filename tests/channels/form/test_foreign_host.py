"""Links and redirects name the configured address, whatever a request calls us: rule F9."""

from __future__ import annotations

from tests.channels.form.running import Running, hidden

FOREIGN = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}


async def test_no_page_and_no_redirect_repeats_a_foreign_host(running: Running) -> None:
    token = await running.submitted()
    for path in (
        "/",
        "/fr",
        "/fr/",
        "/fr/complaint",
        "/fr/find",
        "/fr/quality",
        f"/fr/c/{token}",
        f"/fr/c/{token}?new",
        "/fr/receipt",
        "/fr/receipt.pdf",
        "/fr/case",
        "/fr/case/code?for=withdraw",
        "/fr/nowhere",
    ):
        answer = await running.client.get(path, headers=FOREIGN, allow_redirects=False)
        assert "evil.example" not in answer.headers.get("Location", ""), path
        assert answer.headers.get("Location", running.base_url).startswith(running.base_url), path
        assert b"evil.example" not in await answer.read(), path


async def test_no_act_leads_to_a_foreign_host(running: Running) -> None:
    form = {**await running.form(), "text": "Nobody answers my letters."}
    answer = await running.client.post("/en/complaint", data=form, headers=FOREIGN, allow_redirects=False)
    assert answer.headers["Location"].startswith(f"{running.base_url}/en/c/")
    await running.client.get(answer.headers["Location"].removeprefix(running.base_url))
    page = hidden(await (await running.client.get("/en/case")).text())
    for path, data in (("/en/case", {"text": "More."}), ("/en/case/links", {}), ("/en/case/leave", {})):
        answer = await running.client.post(path, data={**page, **data}, headers=FOREIGN, allow_redirects=False)
        assert answer.headers["Location"].startswith(running.base_url), path
    answer = await running.client.post("/api/v1/messages", json={"text": "By the API."}, headers=FOREIGN)
    assert (await answer.json())["status_url"].startswith(f"{running.base_url}/")
