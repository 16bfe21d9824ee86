"""The shipped classifier, loaded once."""

import pytest

from classifier.pipeline import Classifier, load


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return load()
