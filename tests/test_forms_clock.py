"""What is written does not depend on how busy the machine is: searches count, and the last clock is the processor's."""

from __future__ import annotations

import itertools
import time

import pytest

from diffsym.api import read_netlist
from diffsym.forms.order import kinds
from diffsym.forms.readable import Writer

STAGE = """V1 i 0 vin
RS i b RS
Q1 c b e n
RC c 0 RC
RE e 0 RE
"""


def test_hours_on_the_wall_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read_netlist(STAGE).solve("v(c)/vin").text
    again = read_netlist(STAGE).solve("v(c)/vin")
    hours = itertools.count(0, 3600)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(hours)))
    assert again.text == expected


def test_past_the_clock_of_the_processor_the_value_is_the_same_and_the_writer_says_so() -> None:
    value = read_netlist(STAGE).solve("v(c)/vin").value
    hasty, patient = Writer(kinds(), patience=-1.0), Writer(kinds())
    late, usual = hasty.tree(value), patient.tree(value)
    assert hasty.late and not patient.late
    assert value.field.read(late) == value.field.read(usual) == value
