"""What is wrong with a configuration: collected first, then raised as one ``ConfigError``."""

from __future__ import annotations

from dataclasses import dataclass, field

from penstock.errors import ConfigError


class SettingError(ValueError):
    """A value that cannot be used.

    :param sentence: what is wrong, as a predicate: the setting's name is put before it
        (``must be a whole number, not "many"``).
    :param hint: what to do next.
    """

    def __init__(self, sentence: str, hint: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class AlreadyReportedError(SettingError):
    """The value is wrong for a reason that stands in the list of problems already."""

    def __init__(self) -> None:
        super().__init__("", "")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend; ``line`` counts from 1, 0 means the file as a whole."""

    file: str
    line: int
    sentence: str
    hint: str

    @property
    def message(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.sentence}"


@dataclass(slots=True)
class Problems:
    """Every problem found so far, over all files that make up a feed."""

    found: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        if problem not in self.found:
            self.found.append(problem)

    def raise_if_any(self) -> None:
        """
        :raises ConfigError: there is a problem; the message holds all of them, file by file in
            the order of their lines, each with its remedy on a line of its own.
        """
        if not self.found:
            return
        files = list(dict.fromkeys(p.file for p in self.found))
        ordered = sorted(self.found, key=lambda p: (files.index(p.file), p.line))
        *before, last = ordered
        lines = [str(ConfigError(p.message, hint=p.hint)) for p in before]
        raise ConfigError("\n".join([*lines, last.message]), hint=last.hint)
