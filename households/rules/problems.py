"""What is wrong with something typed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A code for programs, a sentence for people; a warning may be overridden with a reason."""

    code: str
    message: str
    is_warning: bool = False
