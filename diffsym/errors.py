"""Every error that diffsym raises on purpose: what is wrong, where it stands, and a way out."""

from __future__ import annotations

from typing import Any, ClassVar, Self


class DiffsymError(Exception):
    """Base of all. ``line`` and ``column`` count from 1; ``hint`` is one sentence that offers a way out."""

    exit_status: ClassVar[int] = 2

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.hint = hint

    def at(self, *, file: str | None = None, line: int | None = None, column: int | None = None) -> Self:
        """The same error with its place filled in where it was still unknown."""
        self.file = self.file if self.file is not None else file
        self.line = self.line if self.line is not None else line
        self.column = self.column if self.column is not None else column
        return self

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape of a failure: ``{"error": {...}}``."""
        return {
            "error": {
                "message": self.message,
                "file": self.file,
                "line": self.line,
                "column": self.column,
                "hint": self.hint,
            }
        }

    def __str__(self) -> str:
        place = [str(part) for part in (self.file, self.line, self.column) if part is not None]
        head = ":".join(place) + ": " if place else ""
        if not self.file and self.line is not None:
            head = f"line {self.line}" + (f", column {self.column}" if self.column is not None else "") + ": "
        elif not self.file and self.column is not None:
            head = f"column {self.column}: "
        tail = f"\n  hint: {self.hint}" if self.hint else ""
        return head + self.message + tail


class UsageError(DiffsymError):
    """A command or a call that does not fit what it was given."""


class ReadError(DiffsymError):
    """A text that cannot be read."""


class ExpressionError(ReadError):
    """A formula that cannot be read."""


class NetlistError(ReadError):
    """A netlist that cannot be read, or that names something which is not there."""


class QuantityError(ReadError):
    """A quantity that names a node, an element or a signal which the circuit does not have."""


class DerivationFileError(ReadError):
    """A derivation file with an unknown key, a missing one, or a value of the wrong kind."""


class TemplateError(ReadError):
    """A template that does not read or names something that a document does not have."""


class NotationError(ReadError):
    """A table of names for symbols that does not read, names no symbol, or gives one name to two."""


class CircuitError(DiffsymError):
    """A circuit whose equations have no answer: a floating node, a loop of voltage sources, an infinite gain."""


class DimensionError(DiffsymError):
    """A sum of unlike units, or a function of something that carries a unit."""


class Refuted(DiffsymError):
    """A claim that the kernel found false."""

    exit_status = 1


class ExpectationError(DiffsymError):
    """A stated expectation that the derivation did not meet."""

    exit_status = 1


class BudgetError(DiffsymError):
    """Work that would exceed the allowed time or size."""

    exit_status = 3


class KernelDisagreement(DiffsymError):
    """The kernel's two ways gave different answers: a defect of diffsym, to be reported."""

    exit_status = 1
