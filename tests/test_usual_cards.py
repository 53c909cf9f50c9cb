"""Cards as nearly all are, read in short, mean what the full reader reads in them; all others are left to it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from diffsym.circuit.cards import cards_of
from diffsym.circuit.devices import shipped_devices
from diffsym.circuit.elements import read_element
from diffsym.circuit.model import Element
from diffsym.circuit.usual import usual_element
from diffsym.circuit.values import Remarks
from diffsym.errors import NetlistError

TYPES = {"n": "nmos", "q": "npn", "d": "d"}

WORDS = (
    "a", "b", "0", "gnd", "n1", "x_2", "vp", "curr", "n", "q", "d", "npn", "nmos", "off", "RD", "gm1", "s", "j", "dc",
    "ac", "sin", "exp", "poly", "table", "opamp", "5", "10k", "4.7u", "1M", "1F", "2meg", "4k7", "1e3", "-3",
    "{vic+vid/2}", "{-vin}", "{2*RD}", "{s+1}", "{1/0}", "value=3", "m=2", "(a,b)", "lambda", "A", "Z1",
)  # fmt: skip
HEADS = ("R1", "C2", "Lx", "V1", "VDD", "I_1", "E1", "G2", "M1", "Q3", "D1", "J1", "F1", "K1", "X1", "r", "1R", "R§")


def read(text: str) -> tuple[Element | None, object, tuple[Remarks, Remarks]]:
    """The short reading, the full one (or what is wrong with the card), and what each of them remarked."""
    (card,) = cards_of([text], None)
    devices, remarks = shipped_devices(), (Remarks(), Remarks())

    def type_of(name: str) -> str | None:
        return TYPES.get(name.lower())

    full: object
    try:
        full = read_element(card, devices, type_of, remarks[1])
    except NetlistError as error:
        full = error.to_dict()
    try:
        short = usual_element(card, devices, type_of, remarks[0])
    except NetlistError as error:
        assert error.to_dict() == full
        return None, full, remarks
    return short, full, remarks


@given(
    st.sampled_from(HEADS), st.lists(st.sampled_from(WORDS), min_size=2, max_size=6), st.sampled_from((" ", "  ", "\t"))
)
def test_short_and_full_reading_agree(head: str, words: list[str], gap: str) -> None:
    short, full, remarks = read(gap.join([head, *words]))
    if short is not None:
        assert short == full
        assert remarks[0].spelling == remarks[1].spelling
        assert remarks[0].notes == remarks[1].notes


def test_usual_cards_are_read_in_short() -> None:
    usual = (
        "R1 a 0 RD",
        "C1 a 0 4.7u",
        "VDD vdd 0 5",
        "V1 g 0 {vic+vid/2}",
        "E1 o 0 p m A",
        "M1 o g s 0 n",
        "Q1 c b e q",
    )
    assert all(read(text)[0] is not None for text in usual)


def test_cards_with_more_to_them_are_left_to_the_full_reader() -> None:
    others = (
        "R1 a 0",
        "R1 a 0 s",
        "V1 a 0 sin",
        "V1 a 0 dc 5",
        "E1 o 0 poly p A",
        "M1 o g s n",
        "Q1 c b e n q",
        "R1 a 0 1M",
    )
    assert all(read(text)[0] is None for text in others)
