"""What Slack answers when it refuses a call, and what a person cannot do on the screen."""

from collections.abc import Mapping, Sequence
from typing import Any


class Refused(Exception):
    """Slack refused the call: `code` is its error word, `problems` its response_metadata.messages."""

    def __init__(
        self, code: str, *, problems: Sequence[str] = (), extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code, *problems)
        self.code = code
        self.problems = list(problems)
        self.extra = dict(extra or {})

    def body(self) -> dict[str, Any]:
        """Return the JSON body that Slack sends with HTTP 200."""
        body: dict[str, Any] = {"ok": False, "error": self.code, **self.extra}
        if self.problems:
            body["errors"] = [problem.removeprefix("[ERROR] ") for problem in self.problems]
            body["response_metadata"] = {"messages": self.problems}
        return body


class NotPossible(Exception):
    """A person could not do this in Slack: the message, button, field or view is not on the screen."""
