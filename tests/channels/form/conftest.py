"""The fixtures of the form's tests; they live in a module of their own because the browser's tests use them too."""

from tests.channels.form.running import running, start

__all__ = ["running", "start"]
