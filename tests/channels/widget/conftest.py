"""The fixtures of the chat's tests; they live in a module of their own because the browser's tests use them too."""

from tests.channels.widget.running import start_widget, widget

__all__ = ["start_widget", "widget"]
