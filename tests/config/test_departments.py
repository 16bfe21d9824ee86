"""Departments and queues as data: complete, in four languages, and refused in words when wrong."""

from __future__ import annotations

import pytest

from config.departments import (
    department_name,
    departments,
    load_departments,
    load_queues,
    queue_name,
    queues,
)
from config.strict_yaml import DataError
from config.vocabulary import DEPARTMENTS, LANGUAGES, QUEUES


def test_every_department_and_queue_has_a_name_in_every_language():
    assert tuple(departments()) == DEPARTMENTS
    for language in LANGUAGES:
        assert len({department_name(name, language) for name in DEPARTMENTS}) == len(DEPARTMENTS)
        assert len({queue_name(queue, language) for queue in QUEUES}) == len(QUEUES)
    assert set(queues()) | set(departments()) == set(QUEUES)


def test_names_of_the_domain():
    assert department_name("incapacity", "nl") == "Uitkeringen"
    assert queue_name("mediation", "fr") == "Médiation"
    assert queue_name("privacy", "de") == "Datenschutz"
    with pytest.raises(KeyError):
        queue_name("attic", "fr")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("id: digital", "id: analogue", "departments.8.id"),
        ("id: digital", "id: privacy", "'digital' is missing"),
        ("working_days: 15", "working_days: 0", "working_days"),
        ("notify: [digital]", "notify: [boss@example.org]", "neither a queue nor a role"),
        ("en: Online services", "es: Servicios", "es"),
        ("departments:", "offices:", "offices"),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path, old, new, words):
    shipped = (load_departments.__defaults__[0]).read_text(encoding="utf-8")
    path = tmp_path / "departments.yaml"
    path.write_text(shipped.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=r"departments\.yaml") as caught:
        load_departments(path)
    assert words in str(caught.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"queues\.yaml: cannot be read"):
        load_queues(tmp_path / "queues.yaml")
