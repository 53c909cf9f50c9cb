"""The command line: one table of commands, and one place that prints what a command found or what went wrong."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from importlib import import_module

from diffsym.commands.arguments import Command, Outcome, help_of, nearest, read_arguments, shown
from diffsym.commands.failures import internal_error
from diffsym.errors import DiffsymError, UsageError
from diffsym.version import __version__

COMMANDS: dict[str, str] = {
    "solve": "the exact value of a quantity of a circuit",
    "approximate": "the customary formula of a quantity, when it holds and how far off it is",
    "derive": "worked solutions, of the library, of your own files or of a circuit",
    "draw": "the schematic of a circuit, as SVG, PNG, PDF or CircuiTikZ",
    "formula": "the result of a derivation in LaTeX, text, Typst, MathML, SymPy, Python or JSON",
    "op": "the operating point of a deck, each device linearised there",
    "ac": "the response of a deck at frequencies",
    "noise": "noise of a deck: of an output, referred to an input, by element",
    "compare": "operating point and response beside ngspice's",
    "sweep": "quantities of a deck over one of its values",
    "mismatch": "offset, gain and rejection of a deck whose devices differ",
    "problems": "posed problems of a derivation, with other numbers for every student",
    "check": "hand algebra: right, nearly right, or wrong in this line and probably by this slip",
    "notes": "formulas in your own notes: filled in, kept in step, verified",
    "keys": "what the keys of a LaTeX document, or of one for pandoc, stand for",
    "export": "every result of the library with its key, as JSON",
    "read": "how an expression is read",
    "list": "the derivations of the library",
    "show": "the source of a derivation",
    "new": "a derivation file to start from",
    "templates": "a copy of the templates, to change them",
}
"""Every command and what it gives; its module in ``diffsym.commands`` has the same name."""

INTERRUPTED = 130
PIPE_CLOSED = 141
"""Exit statuses of a shell for a command that was ended by a signal."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs ``diffsym`` and returns its exit status; prints, and raises nothing."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    json = asks_for_json(arguments)
    _speak_utf8()
    try:
        with warnings.catch_warnings():
            if not sys.warnoptions:
                warnings.simplefilter("ignore")
            outcome = _answered(arguments, json)
        _print(outcome)
        return outcome.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _close_stdout()
        return PIPE_CLOSED


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether the answer, and any error, is to be JSON; known before the arguments can be wrong."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _answered(arguments: Sequence[str], json: bool) -> Outcome:
    """The outcome of the command, its text as it is to be printed; an error is an outcome too."""
    try:
        # What a package prints while it works must not stand between the lines of an answer.
        with redirect_stdout(sys.stderr):
            return _as_printed(_run(arguments), json)
    except DiffsymError as error:
        failure = error
    except BrokenPipeError:
        raise
    except OSError as error:
        file = error.filename if isinstance(error.filename, str) else None
        failure = UsageError((error.strerror or str(error)).lower(), file=file)
    except Exception as error:
        failure = internal_error(error)
    return _as_printed(Outcome("", failure.to_dict, (), (str(failure),), failure.exit_status), json)


def _as_printed(outcome: Outcome, json: bool) -> Outcome:
    """With ``--json`` the JSON value is the text, and nothing else is said."""
    if not json:
        return outcome
    from json import dumps

    return Outcome(dumps(outcome.json(), ensure_ascii=False, indent=2) + "\n", status=outcome.status)


def _run(arguments: Sequence[str]) -> Outcome:
    name, rest = _command_name(arguments)
    if name == "--version":
        return Outcome(f"diffsym {__version__}\n", lambda: {"version": __version__})
    if name == "--help":
        return Outcome(overview(), lambda: {"help": overview()})
    module = import_module(f"diffsym.commands.{name}")
    command: Command = module.COMMAND
    if rest == ["-h"] and name != "read":
        rest = ["--help"]
    given = read_arguments(command, rest)
    if given.has("help"):
        return Outcome(help_of(command), lambda: {"help": help_of(command)})
    outcome: Outcome = module.run(given)
    return outcome


def _command_name(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The command and what follows it; ``--json`` may stand before it."""
    rest = list(arguments)
    while rest and rest[0] == "--json":
        rest.append(rest.pop(0))
        if set(rest) == {"--json"}:
            rest = []
    if not rest:
        raise UsageError("no command was given", hint=f"the commands are {', '.join(COMMANDS)}; see diffsym --help")
    name = {"-h": "--help", "help": "--help", "-V": "--version"}.get(rest[0], rest[0])
    if name in ("--help", "--version") or name in COMMANDS:
        return name, rest[1:]
    kind = "option" if name.startswith("--") else "command"
    known = ["--help", "--json", "--version"] if kind == "option" else list(COMMANDS)
    raise UsageError(f"diffsym has no {kind} {shown(name)}", hint=nearest(name, known, f"the {kind}s are"))


def overview() -> str:
    """The text of ``diffsym --help``."""
    width = max(map(len, COMMANDS)) + 2
    rows = "\n".join(f"  {name.ljust(width)}{summary}" for name, summary in COMMANDS.items())
    return (
        "usage: diffsym COMMAND …\n\n"
        "Small-signal circuits solved symbolically, as worked solutions whose every line is proved.\n\n"
        f"commands:\n{rows}\n\n"
        "  diffsym COMMAND --help    what a command takes\n"
        "  diffsym --version\n\n"
        "Every command takes --json. Exit status: 0 done, 1 wrong or short of a check, 2 unreadable input or usage,\n"
        "3 over budget.\n"
    )


# Printing -----------------------------------------------------------------------------------------------------------


def _print(outcome: Outcome) -> None:
    sys.stdout.write(outcome.text)
    sys.stdout.flush()
    for note in outcome.notes:
        sys.stderr.write(f"note: {note}\n")
    for failure in outcome.failures:
        sys.stderr.write(failure + "\n")
    sys.stderr.flush()


def _speak_utf8() -> None:
    """Answers have ‖ and Ω in them, whatever the locale; what cannot be encoded is replaced and never an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _close_stdout() -> None:
    """Python flushes stdout once more on its way out; that must not fail aloud."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
