"""One symbol has one name, and each name one look."""

import keyword
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import NAMES

from diffsym.errors import ExpressionError
from diffsym.expression.names import LONGEST_NAME, glyphs, joined
from diffsym.expression.notation import DEFAULT, Notation, validated_symbol_latex

SPELLINGS = [
    ("gm1", ["gm1", "g_m1", "g_{m1}", "g_{m 1}", "g_{m,1}", r"g_{\mathrm{m}1}", "gₘ₁", "g_{\\text{m1}}", " g_m1 "]),
    ("rpi", ["rpi", r"r_\pi", r"r_{\pi}", "r_π", "r_pi", r"{r}_{\pi}"]),
    ("rpi1", [r"r_{\pi 1}", r"r_{\pi1}", "r_π1", "rπ1"]),
    ("RSS", ["RSS", "R_SS", "R_{SS}", r"R_{\mathrm{SS}}", r"R_\mathrm{SS}", "R_{S S}"]),
    ("DeltaRD", [r"\Delta R_D", "ΔR_D", "Delta_R_D", "DeltaRD", r"\Delta{}R_{D}", "∆R_D"]),
    ("IDprime", ["I_D'", "I'_D", r"I_D^{\prime}", "I_D′", "IDprime", "I_D’"]),
    ("lambda", ["lambda", "lambda_", r"\lambda", "λ"]),
    ("beta1", [r"\beta_1", "β1", "β₁", "beta_{1}"]),
    ("mun", [r"\mu_n", "μ_n", "µ_n"]),
    ("epsilon", [r"\epsilon", r"\varepsilon", "ε"]),
]


@pytest.mark.parametrize(("name", "spelling"), [(name, text) for name, texts in SPELLINGS for text in texts])
def test_every_spelling_is_the_same_symbol(name, spelling):
    assert joined(spelling) == name


def test_case_counts():
    assert joined("V_GS") != joined("v_gs")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "_",
        "{}",
        "'",
        "1a",
        "2",
        "a-b",
        "a b c +",
        r"\foo",
        r"g_\input{x}",
        "a.b",
        "é",
        "x^2",
        "x^{2}",
        "x²",
        "a$b",
        "a" * (LONGEST_NAME + 1),
        "g" * 100000,
        "Α",
        "a\x00",
        "a\u202e",
    ],
)
def test_what_is_no_symbol_is_refused_with_a_hint(text):
    with pytest.raises(ExpressionError) as caught:
        joined(text)
    assert caught.value.hint


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_an_error(text):
    try:
        name = joined(text)
    except ExpressionError:
        return
    assert name.isascii() and name.isalnum() and name[0].isalpha()
    assert joined(name) == name


LOOKS = [
    # name        prefix   base      parts below      primes
    ("gm", "", "g", ("m",), 0),
    ("gm1", "", "g", ("m", "1"), 0),
    ("R", "", "R", (), 0),
    ("beta", "", "beta", (), 0),
    ("beta1", "", "beta", ("1",), 0),
    ("betaF", "", "beta", ("F",), 0),
    ("omegaT", "", "omega", ("T",), 0),
    ("omegac", "", "omega", ("c",), 0),
    ("mun", "", "mu", ("n",), 0),
    ("mult", "", "m", ("ult",), 0),
    ("Pin", "", "P", ("in",), 0),
    ("Psig", "", "P", ("sig",), 0),
    ("rpi1", "", "r", ("pi", "1"), 0),
    ("Cmu2", "", "C", ("mu", "2"), 0),
    ("Rpin", "", "R", ("pin",), 0),
    ("DeltaRD", "Delta", "R", ("D",), 0),
    ("Deltabeta", "Delta", "beta", (), 0),
    ("Delta", "", "Delta", (), 0),
    ("IDprime", "", "I", ("D",), 1),
    ("IDprimeprime", "", "I", ("D",), 2),
    ("prime", "", "p", ("rime",), 0),
]


@pytest.mark.parametrize(("name", "prefix", "base", "below", "primes"), LOOKS)
def test_glyphs(name, prefix, base, below, primes):
    found = glyphs(name)
    assert (found.prefix, found.base, found.subscript_parts, found.primes) == (prefix, base, below, primes)


WRITTEN = [
    # name       text      LaTeX              flat
    ("gm", "g_m", "g_m", "gm"),
    ("gm1", "g_m1", "g_{m1}", "gm1"),
    ("ro", "r_o", "r_o", "ro"),
    ("RD", "R_D", "R_D", "RD"),
    ("R1", "R1", "R_1", "R1"),
    ("RSS", "R_SS", "R_{SS}", "RSS"),
    ("vid", "v_id", "v_{id}", "vid"),
    ("vo1", "v_o1", "v_{o1}", "vo1"),
    ("beta", "β", r"\beta", "beta"),
    ("rpi", "r_π", r"r_\pi", "rpi"),
    ("rpi1", "r_π1", r"r_{\pi 1}", "rpi1"),
    ("DeltaRD", "ΔR_D", r"\Delta R_D", "DeltaRD"),
    ("IDprime", "I_D'", "I_D'", "IDprime"),
    ("lambda", "λ", r"\lambda", "lambda_"),
    ("oo", "∞", r"\infty", "oo"),
]


@pytest.mark.parametrize(("name", "text", "latex", "flat"), WRITTEN)
def test_a_name_in_every_notation(name, text, latex, flat):
    assert (DEFAULT.text(name), DEFAULT.latex_of(name), DEFAULT.flat(name)) == (text, latex, flat)


@given(st.sampled_from(NAMES) | st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}", fullmatch=True))
def test_every_notation_is_read_as_the_same_name(name):
    for written in (DEFAULT.text(name), DEFAULT.latex_of(name), DEFAULT.flat(name)):
        if name != "oo":
            assert joined(written) == name


@pytest.mark.parametrize("word", [word for word in keyword.kwlist if word.islower()])
def test_a_keyword_gets_an_underscore(word):
    assert DEFAULT.flat(word) == word + "_"


def test_flat_is_spelled_as_the_circuit_first_did():
    notation = Notation(spelling={"gm": "g_m", "rpi": r"r_\pi"})
    assert notation.flat("gm") == "g_m"
    assert notation.flat("rpi") == "rpi"


def test_an_underscore_of_the_circuit_ends_a_greek_letter():
    assert Notation(spelling={"mux": "mu_x"}).latex_of("mux") == r"\mu_x"
    assert DEFAULT.latex_of("mux") == "m_{ux}"


def test_the_author_chooses_the_latex():
    notation = Notation(latex={"RSS": r"R_{\mathrm{tail}}", "CMRR": r"\mathrm{CMRR}"})
    assert notation.latex_of("RSS") == r"R_{\mathrm{tail}}"
    assert notation.chosen_glyphs("RSS").subscript == "tail"
    assert notation.chosen_glyphs("CMRR").base == "CMRR"


@pytest.mark.parametrize(
    "text",
    [
        "R_{SS}",
        r"r_{\pi 1}",
        r"A_{\mathrm{cm}}'",
        r"\Delta R_D",
        "CMRR",
        "V_{GS(th)}",
        "V_{T_0}",
        "g_m'",
        "I_{C,1}",
    ],
)
def test_latex_of_one_symbol_is_accepted(text):
    assert validated_symbol_latex(f" {text} ") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "g_m R_D",
        r"\input{x}",
        r"\def\x{y}",
        "a_b_c",
        "R_",
        "{",
        "a}",
        "$x$",
        "a+b",
        "a^2^3",
        "V_GS",
        "%",
        "R_{}",
        r"\text",
        "\\",
        "R_{{{{{{a}}}}}}",
        "R_{a__b}",
        "R\n\nx",
        "a" * 500,
        "x&y",
        "a#1",
        "~",
        r"\Delta\Delta\Delta",
        "_" * 100,
        "{" * 100,
        "<script>",
        "{" * 50 + "a" + "}" * 50,
    ],
)
def test_latex_of_anything_else_is_refused(text):
    with pytest.raises(ExpressionError):
        Notation(latex={"x": text})


@given(st.text(alphabet="aR_^{}'\\ 1(,Δ$%", max_size=12))
def test_accepted_latex_has_balanced_braces_and_known_commands(text):
    try:
        accepted = validated_symbol_latex(text)
    except ExpressionError:
        return
    assert accepted.count("{") == accepted.count("}")
    assert not set("$%#&~\n") & set(accepted)


def test_a_notation_is_a_value():
    first, second = (Notation(spelling={"gm": "g_m"}, dimensions={"gm": "S"}) for _ in range(2))
    assert first == second and hash(first) == hash(second) and first != DEFAULT
    assert pickle.loads(pickle.dumps(first)) == first
