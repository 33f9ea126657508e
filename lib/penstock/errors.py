"""Every error Penstock raises on purpose.

Each message says what happened, where, and what to do next: pass the remedy as
``hint`` and it is printed on a line of its own. The three branches below tell a
caller what may be done about it; nothing else may be read into a message's text.
"""

from __future__ import annotations


class PenstockError(Exception):
    """Root of all errors raised on purpose.

    :param message: what happened, naming the file, the record or the setting.
    :param hint: what to do next, as one imperative sentence.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class Terminal(PenstockError):
    """Trying again without changing something gives the same answer."""


class Retryable(PenstockError):
    """Nothing was changed; the same call may succeed later."""


class OutcomeUnknown(PenstockError):
    """The call may or may not have taken effect: look it up, never repeat it blindly."""


class ConfigError(Terminal):
    """The command or a configuration is wrong; nothing was changed (exit code 2).

    The message starts with ``file:line`` wherever a file is to blame.
    """


class SourceUnreachable(ConfigError):
    """The drop zone cannot be listed or read at all."""


class TargetUnreachable(ConfigError):
    """The warehouse cannot be connected to."""


class LedgerMismatch(ConfigError):
    """Ledger and load log contradict each other (for example a restored warehouse)."""


class FileUnreadable(Terminal):
    """One source file cannot be read at all: that file fails, the others load.

    :param uri: the file as listed, unescaped.
    :param reason: why, without the file's name.
    """

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(f"{uri}: {reason}", hint="mend the file and drop it again")
        self.uri = uri
        self.reason = reason


class SourceChanged(Retryable):
    """A source file was replaced or removed after it was planned: the batch is abandoned.

    :param uris: the files concerned.
    """

    def __init__(self, uris: tuple[str, ...]) -> None:
        super().__init__(f"changed or removed since they were planned: {', '.join(uris)}")
        self.uris = uris


class BatchFailed(Terminal):
    """The batch cannot be published as it is (``on_clash: fail``, an incompatible table, ...)."""


class GateHeld(Terminal):
    """A quality gate holds the batch back whole (exit code 3)."""


class PlanConflict(Retryable):
    """Another driver committed a plan first: reload the ledger and look again."""


class PublishConflict(Retryable):
    """The warehouse refused the transaction (serialization, deadlock): retry it whole."""


class BatchRefused(Terminal):
    """The publish found under its lock that this batch must not load.

    :param abandoned: the batch was abandoned by another driver.
    :param loaded_elsewhere: files of it, of which this or a later version is loaded already.
    """

    def __init__(
        self, message: str, *, abandoned: bool = False, loaded_elsewhere: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.abandoned = abandoned
        self.loaded_elsewhere = loaded_elsewhere
