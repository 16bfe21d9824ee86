"""Where a ready text goes: a paragraph of its own behind the greeting and before the signature, and only once."""

from __future__ import annotations

import pytest

from console.placing import with_ready_words

OPENING = "Bonjour Élodie,\n\n\n\nTom Baert\nMédiation, Partenamut"
SIGNED = "Tom Baert\nMédiation, Partenamut"


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        pytest.param("", f"Bonjour Élodie,\n\nPrêt.\n\n{SIGNED}", id="nothing is written"),
        pytest.param(OPENING, f"Bonjour Élodie,\n\nPrêt.\n\n{SIGNED}", id="nobody has begun"),
        pytest.param(
            f"Bonjour Élodie,\n\nEncore ?\n\n{SIGNED}",
            f"Bonjour Élodie,\n\nEncore ?\n\nPrêt.\n\n{SIGNED}",
            id="begun",
        ),
        pytest.param(f"Chère Élodie,\n\n\n\n{SIGNED}", f"Chère Élodie,\n\nPrêt.\n\n{SIGNED}", id="greeted by hand"),
        pytest.param(
            "Bonjour Élodie,\n\nEncore ?\n\nTom Baert\nAgence de Liège",
            "Bonjour Élodie,\n\nEncore ?\n\nPrêt.\n\nTom Baert\nAgence de Liège",
            id="signed by hand",
        ),
        pytest.param(
            f"Bonjour,\n\nEncore ?\n\n{SIGNED}\n\nPS : à demain.",
            f"Bonjour,\n\nEncore ?\n\nPrêt.\n\n{SIGNED}\n\nPS : à demain.",
            id="something stands behind the signature",
        ),
        pytest.param("Rien que ceci.", "Rien que ceci.\n\nPrêt.", id="without greeting and signature"),
        pytest.param(f"Bonjour,\n\nPrêt.\n\n{SIGNED}", f"Bonjour,\n\nPrêt.\n\n{SIGNED}", id="it stands there already"),
    ],
)
def test_a_ready_text_is_a_paragraph_of_its_own(text: str, becomes: str) -> None:
    assert with_ready_words(text, "Prêt.", OPENING) == becomes
    # The same press a second time changes nothing.
    assert with_ready_words(becomes, "Prêt.", OPENING) == becomes


def test_a_question_has_neither_greeting_nor_signature() -> None:
    assert with_ready_words("", "Prêt ?", "") == "Prêt ?"
    assert with_ready_words("Bonjour.", "Prêt ?", "") == "Bonjour.\n\nPrêt ?"
