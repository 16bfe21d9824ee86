"""What comes of one event: the new state, what the robot says, what the house must do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

from chatbot.actions import Action, Close, Register
from chatbot.replies import Reply
from chatbot.state import State


@dataclass(frozen=True, slots=True)
class Outcome:
    """A state with the replies and actions that led to it, each in order."""

    state: State
    replies: tuple[Reply, ...] = ()
    actions: tuple[Action, ...] = ()

    def say(self, key: str, *, choices: tuple[str, ...] = (), brief: bool = False, **values: str) -> Self:
        """One text more."""
        reply = Reply(key, MappingProxyType(values), choices, brief)
        return replace(self, replies=(*self.replies, reply))

    def do(self, action: Action) -> Self:
        """One action more."""
        return replace(self, actions=(*self.actions, action))

    def at(self, **changes: Any) -> Self:
        """The same with a changed state."""
        return replace(self, state=replace(self.state, **changes))

    def telling(self, key: str) -> Self:
        """Remember that this was explained; it is explained once."""
        return self.at(told=(*self.state.told, key))

    def register(self, why: str) -> Self:
        """Order the registration of everything that was understood."""
        state = self.state
        yes = why == "yes"
        order = Register(
            facts=state.facts,
            kind=state.kind,
            language=state.language,
            flags=state.flags,
            why="yes" if yes else "abandoned",
            urgent="urgent" in state.flags,
        )
        return self.do(order).at(step="registering", registered=order.why, hand="", hand_until=None)

    def close(self, reason: Close) -> Self:
        """End the conversation."""
        return self.do(reason).at(step="closed", closed=reason.reason, hand="", hand_until=None)
