"""The page of a case, and what people do on it."""

from __future__ import annotations

from tests.console.conftest import Running


async def test_a_case_shows_its_story_and_why_it_is_here(running: Running) -> None:
    anne = await running.sign_in("anne")
    page = await anne.get(running.case("marie"))
    assert "Marie Dubois" in page
    assert "second complaint goes to Mediation" in page
    assert '<mark id="evidence-1-' in page
    assert "Internal note" in page
    assert "Show it with the quoted text" in page
