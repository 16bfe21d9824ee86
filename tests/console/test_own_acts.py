"""A colleague finds again what they did: their own acts, by day, and nobody else's."""

from __future__ import annotations

from tests.console.conftest import Running


async def test_what_i_did_leads_back_to_its_case(running: Running) -> None:
    tom, sofie = await running.sign_in("tom"), await running.sign_in("sofie")
    reference = running.house.references["late"]
    await tom.get(running.case("late"))
    await tom.post(f"{running.case('late')}/department", department="benefits")
    page = await tom.get("/console/me/acts")
    assert "What I did" in page
    assert "Department corrected" in page
    assert f'href="/console/case/{reference}"' in page
    assert "from: Reimbursements" in page
    assert "labels:" not in page
    # Another person's page says nothing of it.
    page = await sofie.get("/console/me/acts")
    assert "Department corrected" not in page
    assert reference not in page


async def test_what_became_sealed_shows_no_word_of_it(running: Running) -> None:
    tom = await running.sign_in("tom")
    path = running.case("week")
    await tom.get(path)
    await tom.post(f"{path}/department", department="benefits")
    page = await tom.get("/console/me/acts")
    assert "Extra benefits" in page
    assert "Lucie Martin" in page
    await tom.get(path)
    await tom.post(f"{path}/correct", kind="complaint", **{"flag-doctor": "1"})
    page = await tom.get("/console/me/acts")
    assert "Department corrected" in page
    assert "Extra benefits" not in page
    assert "Lucie Martin" not in page


async def test_long_days_go_on_by_page_and_an_empty_one_says_so(running: Running) -> None:
    rik = await running.sign_in("rik")
    page = await rik.get("/console/me/acts")
    assert "Signed in" in page
    assert "before=" not in page
    assert "Nothing is written down of you yet" in await rik.get("/console/me/acts?before=1")
    assert "Signed in" in await rik.get("/console/me/acts?before=x")
