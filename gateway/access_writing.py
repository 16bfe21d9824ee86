"""The answer to a request for access in the member's language: as markup for who prepares and reads it, and as the archive."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from channels.web.pages import Say, environment
from channels.web.texts import pages
from config.deadlines import deadlines
from config.departments import queue_name
from config.vocabulary import FLAGS, KINDS, QUEUES, Language
from gateway.access_model import Answer, AnswerCase, Label

_PAPER: Final = Path(__file__).resolve().parent / "paper"
# The archive of one answer is always the same bytes: what was approved can be made again and compared.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


class Writing:
    """Words for one language."""

    def __init__(self, language: Language) -> None:
        self._words = pages()[language]
        self._language = language

    def of(self, group: str, name: str) -> str:
        """A word of the answer; what has none stands as it is."""
        return self._words.get(f"access.{group}.{name}", name)

    def queue(self, queue: str) -> str:
        """A queue or department by its name."""
        return queue_name(queue, self._language) if queue in QUEUES else queue

    def clock(self, clock: str) -> str:
        """A promise by its name."""
        rule = next((rule for rule in deadlines().clocks if rule.id == clock), None)
        return rule.names.in_language(self._language) if rule else clock

    def label(self, label: str, value: str) -> str:
        """What was said: that something holds, or what it is."""
        if label in FLAGS:
            return self.of("flag" if value in ("yes", "True", "") else "no_flag", label)
        if label == "department":
            return self.queue(value) if value else self.of("value", "no_department")
        return self.of("kind", value) if value in KINDS else value

    def rule(self, title: str) -> str:
        """A rule by its name, translated where it is called as it was shipped: a house may have its own names and rules."""
        group = "access.rule_named."
        key = next((key for key, words in pages()["en"].items() if key.startswith(group) and words == title), "")
        return self._words[key] if key else title

    def day(self, day: date) -> str:
        """A date with its year."""
        return Say(self._language).long_date(day)


def case_drawn(case: AnswerCase, language: Language) -> Markup:
    """One case."""
    return Markup(_drawn("access_case.html", language, case=case))  # noqa: S704  # The template escapes what it fills in.


def drawn(answer: Answer) -> Markup:
    """Everything, without head and foot."""
    cases = [case_drawn(case, answer.language) for case in answer.cases]
    return Markup(_drawn("access_body.html", answer.language, answer=answer, cases=cases))  # noqa: S704  # As above.


def archive(answer: Answer) -> bytes:
    """The archive: a page to read, and the same for a machine."""
    page = _drawn("access_answer.html", answer.language, answer=answer, body=drawn(answer))
    data = answer.model_dump(mode="json")
    for case in data["cases"]:
        # Our own number of a case tells its member nothing.
        del case["number"]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, content in (
            (f"{answer.reference}-data.html", page),
            (f"{answer.reference}-data.json", json.dumps(data, ensure_ascii=False, indent=1)),
        ):
            target.writestr(zipfile.ZipInfo(name, _NO_TIME), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def label_words(one: Label, language: Language) -> str:
    """A label with how sure it was."""
    words = Writing(language)
    said = words.label(one.label, one.value)
    sure = f"{said} ({one.sure}\u00a0%)"
    return f"{sure}, {words.of('value', 'left_open')}" if one.left_open else sure


@cache
def _environment() -> jinja2.Environment:
    return environment(_PAPER)


def _drawn(name: str, language: Language, **context: Any) -> str:
    template = _environment().get_template(name)
    return template.render(
        t=pages()[language],
        say=Say(language),
        language=language,
        words=Writing(language),
        label_words=lambda one: label_words(one, language),
        **context,
    )
