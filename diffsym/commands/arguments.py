"""Arguments of a command, read by its table of options; what begins with − and is no option is an expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from diffsym.errors import UsageError

_LONG = re.compile(r"--([A-Za-z][A-Za-z0-9-]*)(?:=(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Option:
    """``value`` names what follows the option; empty: nothing does. ``short``: its letter, as in ``-o``."""

    name: str
    help: str
    value: str = ""
    short: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """``words`` shows the positional arguments; there are ``least`` to ``most`` of them (None: any number).

    ``details``: what the help says below the options.
    """

    name: str
    words: str
    summary: str
    least: int
    most: int | None
    options: tuple[Option, ...] = ()
    details: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What a command was given. ``values``: option → every value that it was given, in order."""

    words: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    json: bool = False

    def has(self, option: str) -> bool:
        return option in self.values

    def one(self, option: str, default: str = "") -> str:
        """The value of an option; its last where it was given several times."""
        return self.values.get(option, (default,))[-1]

    def all(self, option: str) -> tuple[str, ...]:
        return self.values.get(option, ())

    def listed(self, option: str) -> tuple[str, ...]:
        """Values separated by commas, or by giving the option again; each once."""
        parts = (part.strip() for value in self.all(option) for part in value.split(","))
        return tuple(dict.fromkeys(part for part in parts if part))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command found: ``text``, or ``json()`` in its place, for stdout; ``notes`` and ``failures`` for stderr."""

    text: str = ""
    json: Callable[[], Any] = dict
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    status: int = 0


COMMON = (
    Option("json", "one JSON value on stdout, also on failure"),
    Option("help", "this text"),
)
"""Options of every command."""


def read_arguments(command: Command, arguments: Sequence[str]) -> Given:
    """Raises UsageError for an unknown option, a missing value, too few or too many positional arguments."""
    options = {f"--{option.name}": option for option in (*command.options, *COMMON)}
    options |= {f"-{option.short}": option for option in command.options if option.short}
    words: list[str] = []
    values: dict[str, list[str]] = {}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            words += rest
            break
        long = _LONG.fullmatch(argument)
        head = f"--{long[1]}" if long else argument
        option = options.get(head)
        if option is None and long:
            raise _unknown_option(command, head, tuple(options))
        if option is None:
            words.append(argument)
            continue
        inline = long[2] if long else None
        values.setdefault(option.name, []).append(_value(option, head, inline, rest, options))
    _check_count(command, words, "help" in values)
    return Given(tuple(words), {name: tuple(found) for name, found in values.items()}, "json" in values)


def _value(option: Option, head: str, inline: str | None, rest: list[str], options: Mapping[str, Option]) -> str:
    if not option.value:
        if inline is not None:
            raise UsageError(f"{head} takes no value, found {shown(inline)}", hint=f"write {head} alone")
        return ""
    if inline is not None:
        return inline
    if not rest or rest[0] in options or rest[0] == "--":
        raise UsageError(f"{head} needs a value", hint=f"write {head} {option.value}")
    return rest.pop(0)


def _unknown_option(command: Command, head: str, options: tuple[str, ...]) -> UsageError:
    return UsageError(
        f"{command.name} has no option {shown(head)}",
        hint=f"{nearest(head, [name for name in options if name.startswith('--')], 'the options are')}"
        " (an expression that begins so goes after --)",
    )


def _check_count(command: Command, words: Sequence[str], help_asked: bool) -> None:
    if help_asked:
        return
    usage = f"usage: diffsym {command.name} {command.words}".rstrip()
    if len(words) < command.least:
        found = f"found {len(words)}" if words else "found none"
        raise UsageError(f"{command.name} needs {command.words}, {found}", hint=usage)
    if command.most is not None and len(words) > command.most:
        raise UsageError(
            f"{command.name} does not know what to do with {shown(words[command.most])}",
            hint=f"{usage} (put quotes around an expression that has spaces)",
        )


def nearest(name: str, known: Sequence[str], otherwise: str, cutoff: float = 0.6) -> str:
    """``did you mean …?`` or, where nothing is near, the list."""
    by_low = {each.lower(): each for each in reversed(known)}
    found = get_close_matches(name.lower()[:100], list(by_low), 1, cutoff)
    if found:
        return f"did you mean {by_low[found[0]]}?"
    listed = ", ".join(known[:20]) + (" …" if len(known) > 20 else "")
    return f"{otherwise} {listed}" if known else f"{otherwise} none"


def chosen(option: str, value: str, choices: Sequence[str]) -> str:
    """The value where it is one of the choices. Raises UsageError with the nearest one."""
    if value in choices:
        return value
    listed = f"{option} is one of {', '.join(choices)}"
    near = get_close_matches(value.lower()[:100], choices, 1, 0.6)
    raise UsageError(f"unknown {option} {shown(value)}", hint=f"did you mean {near[0]}? {listed}" if near else listed)


def shown(text: str) -> str:
    """A piece of what was typed, short and without control characters."""
    return repr(text if len(text) <= 60 else text[:57] + "…")


def help_of(command: Command) -> str:
    """The text of ``diffsym COMMAND --help``."""
    rows = [(_spelled(option), option.help) for option in (*command.options, *COMMON)]
    width = max(len(left) for left, _ in rows) + 2
    lines = [f"usage: diffsym {command.name} {command.words}".rstrip(), "", command.summary, "", "options:"]
    lines += [f"  {left.ljust(width)}{right}" for left, right in rows]
    if command.details:
        lines += ["", command.details.strip("\n")]
    return "\n".join(lines) + "\n"


def _spelled(option: Option) -> str:
    short = f"-{option.short}, " if option.short else ""
    return f"{short}--{option.name} {option.value}".rstrip()
