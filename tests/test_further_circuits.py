"""One derivation file with several circuits: what each of them is, what is asked of it, and where its errors stand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from diffsym.cli import main
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import DerivationFile, load_derivation, read_derivation
from diffsym.document.builder import build
from diffsym.document.likeness import changed_cards, nearest
from diffsym.document.wishes import Wishes
from diffsym.document.writers import write
from diffsym.errors import DiffsymError
from diffsym.expression.reading import read_expression
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact

FIXTURES = Path(__file__).parent / "fixtures" / "library"
STAGE = (FIXTURES / "stage.toml").read_text(encoding="utf-8")

RESULTS = {
    "A_v": "-gm1 ro1 RD/(ro1 + RD)",
    "G_m": "-gm1",
    "R_out": "ro1 RD/(ro1 + RD)",
    "A_p": "-gm1 ro1 RD/(ro1 + RD)",
    "A_deg": "-gm1 ro1 RD/(ro1 + RD + RS + gm1 ro1 RS)",
    "G_deg": "-gm1 ro1/(ro1 + RS + gm1 ro1 RS)",
    "I_D": "k V^2/2",
    "ratio": "1 + RS/ro1 + gm1 RS",
}
"""Worked by hand."""

BIPOLAR = {"A_v": "-gm1 ro1 RC/(ro1 + RC)", "R_out": "ro1 RC/(ro1 + RC)"}


@pytest.fixture(scope="module")
def stage() -> DerivationFile:
    return load_derivation(FIXTURES / "stage.toml")


def assert_results(file: DerivationFile, expected: dict[str, str]) -> None:
    found = {quantity.spec.name: quantity for quantity in worked_of(file).quantities}
    for name, formula in expected.items():
        tree = read_expression(formula, symbols=["gm1", "ro1", "RD", "RC", "RL", "RS"])
        assert isinstance(check(Equal(found[name].value.tree(), tree)), Fact), name
        assert not found[name].gaps


def test_each_quantity_is_asked_of_its_own_circuit(stage: DerivationFile) -> None:
    assert_results(stage, RESULTS)


def test_a_formula_is_the_same_by_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    for name, formula in RESULTS.items():
        assert main(["formula", f"{FIXTURES}/stage.toml:{name}", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)["expression"]
        names = ["gm1", "ro1", "RD", "RS"]
        one, other = (read_expression(text, symbols=names) for text in (found, formula))
        assert isinstance(check(Equal(one, other)), Fact), name


def test_a_page_shows_each_circuit_where_its_first_quantity_begins(stage: DerivationFile) -> None:
    page = write(build(worked_of(stage), stage), "md")
    heads = re.findall(r"(?m)^## (.*)$", page)
    order = ["Output shorted", "Transconductance with the output shorted", "With a source resistor"]
    assert [heads.index(each) for each in order] == sorted(heads.index(each) for each in order)
    part = page.partition("\n## With a source resistor\n")[2].partition("\n## ")[0]
    assert "RS s 0 RS" in part and "IT 0 out it" not in part
    # what the first circuit was told with is not told again
    assert "Resistor RS" in part and "RD vdd out RD" not in part and "is constant" not in part
    assert "Back to the first circuit." in page
    assert "circuit “output shorted”" in page
    german = write(build(worked_of(stage), stage, wishes=Wishes(language="de")), "md")
    assert "## Mit einem Widerstand an der Source" in german


def test_numbers_of_lines_go_on_through_all_circuits(stage: DerivationFile) -> None:
    numbers = [int(each) for each in re.findall(r"\\tag\{(\d+)\}", write(build(worked_of(stage), stage), "md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("format", ["html", "tex", "typ", "json"])
def test_every_format_has_every_circuit(stage: DerivationFile, format: str) -> None:
    page = write(build(worked_of(stage), stage), format)
    for title in ("Output shorted", "With a source resistor", "Degenerated and shorted", "The square law"):
        assert title in page


@pytest.mark.parametrize("key", ["figure.circuit.twice", "figure.small-signal.degenerated", "figure.circuit"])
def test_a_picture_of_a_further_circuit_has_a_key(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formula", f"{FIXTURES}/stage.toml:{key}", "--format", "svg"]) == 0
    assert capsys.readouterr().out.startswith("<svg")


def test_a_netlist_of_a_further_circuit_has_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formula", f"{FIXTURES}/stage.toml:netlist.twice", "--format", "text"]) == 0
    shown = capsys.readouterr().out
    assert "VS out 0 0" in shown and "M1 out in s 0 n" in shown and "RD" not in shown
    assert main(["formula", f"{FIXTURES}/stage.toml:figure.circuit.twise", "--format", "svg"]) == 2
    assert "figure.circuit.twice?" in capsys.readouterr().err


# Netlists made of others ----------------------------------------------------------------------------------------------


def netlist_after(base: str, add: str = "", remove: str = "[]") -> str:
    head = STAGE.partition("netlist =")[0]
    text = f"""{head}netlist = '''\n{base}\n'''
[circuits.other]
remove = {remove}
add = '''\n{add}\n'''
[[quantity]]
name = "x"
of = "v(a)"
circuit = "other"
"""
    return read_derivation(text, "stage.toml").circuits["other"].netlist


BASE = """M1 a b 0 0 n
+ w=1u
M2 c b 0 0 n
R1 a 0 1k
.model n nmos
*% match M1 M2
*% model M1 gm ro
.subckt s p q
R1 p q 1k
.ends"""


@pytest.mark.parametrize(
    ("add", "remove", "gone", "there"),
    [
        ("r1 a 0 RX", "[]", ["R1 a 0 1k"], ["r1 a 0 RX", "R1 p q 1k"]),
        ("", '["M2"]', ["M2 c", "match"], ["M1 a", "+ w=1u", "*% model M1"]),
        ("", '["m1"]', ["M1 a", "+ w=1u", "*% model M1"], ["M2 c"]),
        ("*% model M1 gm", "[]", ["gm ro"], ["*% model M1 gm"]),
        ("*% match M2 M1", "[]", ["match M1 M2"], ["*% match M2 M1"]),
        (".model n pmos", "[]", ["nmos"], [".model n pmos"]),
        ("", '["*% match"]', ["match"], ["*% model M1 gm ro"]),
        (".subckt s p q\\nR1 p q 2k\\n.ends", "[]", ["R1 p q 1k"], ["R1 p q 2k", "R1 a 0 1k"]),
        ("M1 a b 0 0 n", "[]", ["+ w=1u"], ["M1 a b 0 0 n", "M2 c"]),
        ("R2 c 0 1k", "[]", [], ["R1 a 0 1k", "R2 c 0 1k"]),
    ],
)
def test_cards_take_the_place_of_those_about_the_same(add: str, remove: str, gone: list[str], there: list[str]) -> None:
    found = netlist_after(BASE, add.replace("\\n", "\n"), remove)
    assert all(each in found for each in there), found
    assert not any(each in found for each in gone), found


# Errors ---------------------------------------------------------------------------------------------------------------

WRONG = [
    ("RS s 0 RS", "RS s 0", "RS has no value", "RS s 0"),
    ("M1 out in s 0 n", "M1 out in s 0 q", "names the model q", "M1 out in s 0 q"),
    ('remove = ["RD"]', 'remove = ["RX"]', "there is no 'RX' to be removed", 'remove = ["RX"]'),
    ('extends = "degenerated"', 'extends = "degenrated"', "which is no circuit", 'extends = "degenrated"'),
    ('extends = "degenerated"', 'extends = "twice"', "extends itself", 'extends = "twice"'),
    ('circuit = "twice"', 'circuit = "twise"', "which is no circuit of this file", 'circuit = "twise"'),
    ('title = "degenerated and shorted"', 'titel = "x"', "there is no key 'titel'", 'titel = "x"'),
    ('add = "VS out 0 0"', "add = 3", "expected a text", "add = 3"),
    ('add = "VS out 0 0"', 'add = "VS out 0"', "VS has no value", 'add = "VS out 0"'),
    ('polarity = "p"', 'polarity = "q"', "expected 'n' or 'p'", 'polarity = "q"'),
    ('devices = "bjt"', 'devises = "bjt"', "there is no key 'devises'", 'devises = "bjt"'),
    ("expect = { A_v", "expect = { A_x", "there is no quantity 'A_x'", "[variants.bjt]"),
    ('catalog = "A_v"', 'catalog = "A_v (approximate form)"', "stands twice", 'catalog = "A_v (approximate form)"'),
    ('catalog = "A_v"', 'catalog = ["A_v", 3]', "expected a list of texts", 'catalog = ["A_v", 3]'),
    ('lemmas = ["mos-pair:A_d"]', 'lemmas = ["mos pair"]', "is no result", 'lemmas = ["mos pair"]'),
    ('concepts = ["gain stage"]', 'concepts = "x"', "expected a list of texts", 'concepts = "x"'),
    ("[circuits.twice]", '[circuits."a b"]', "is not made of letters", '[circuits."a b"]'),
    ("[circuits.twice]", "[circuit.twice]", "there is no key 'circuit'", "[circuit.twice]"),
    ('given = ["I_D = k V^2/2"]', 'given = ["a = b"]\nremove = ["M1"]', "found given and remove", 'given = ["a = b"]'),
    ("[variants.pmos]", '[variants.pmos]\nremove = ["M7"]', "there is no 'M7'", "[variants.pmos]"),
    ('symbols = { RD = "RL" }', 'symbols = { RD = "R L" }', "is no symbol", 'symbols = { RD = "R L" }'),
]


@pytest.mark.parametrize(("old", "new", "message", "line"), WRONG, ids=[each[1] for each in WRONG])
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, message: str, line: str) -> None:
    text = STAGE.replace(old, new, 1)
    assert text != STAGE
    with pytest.raises(DiffsymError) as error:
        worked_of(read_derivation(text, "stage.toml"))
    assert message in error.value.message
    assert error.value.line is not None
    assert text.splitlines()[error.value.line - 1].strip() == line


def test_a_quantity_of_no_circuit_is_refused() -> None:
    text = (
        f"{STAGE.partition('netlist =')[0]}[circuits.a]\nnetlist = 'R1 a 0 R1'\n[[quantity]]\nname = 'x'\nof = 'v(a)'\n"
    )
    with pytest.raises(DiffsymError, match="no circuit of its own") as error:
        worked_of(read_derivation(text, "stage.toml"))
    assert error.value.hint is not None and "circuit = 'a'" in error.value.hint


# Variants -------------------------------------------------------------------------------------------------------------


def test_a_variant_is_a_derivation_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    pmos = load_derivation(FIXTURES / "stage-pmos.toml")
    assert pmos.name == "stage-pmos" and pmos.variant_of == "stage"
    assert_results(pmos, {name: formula.replace("RD", "RL") for name, formula in RESULTS.items()})
    assert "RL 0 out RL" in pmos.netlist and "M1 out in vdd vdd n" in pmos.netlist and "pmos" in pmos.netlist
    assert "V1 in 0 vin" in pmos.netlist and "VDD vdd 0 5" in pmos.netlist
    assert main(["derive", f"{FIXTURES}/stage-pmos.toml"]) == 0
    assert capsys.readouterr().out.startswith("# Common source, PMOS")


def test_a_variant_with_other_devices_is_held_to_its_own_expectations() -> None:
    bjt = load_derivation(FIXTURES / "stage-bjt.toml")
    assert [quantity.name for quantity in bjt.quantities] == ["A_v", "R_out"]
    assert_results(bjt, BIPOLAR)
    assert "Q1 out in 0 n" in bjt.netlist and "*% model Q1 gm rpi ro" in bjt.netlist
    with pytest.raises(DiffsymError, match="expected"):
        wrong = STAGE.replace("A_v = '-g_{m1} (R_C", "A_v = '-2 g_{m1} (R_C")
        assert wrong != STAGE
        from diffsym.derivation.variants import variant_in

        worked_of(variant_in(read_derivation(wrong, "stage.toml"), "stage-bjt"))


def test_a_variant_that_there_is_not_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", f"{FIXTURES}/stage-nmos.toml"]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_a_split_supply_is_exchanged() -> None:
    from diffsym.derivation.circuits_of import Row, text_of
    from diffsym.derivation.polarity import other_polarity

    rows = [
        "VDD p 0 5",
        "VSS m 0 -5",
        "RD p o RD",
        "M1 o g s m n",
        "ISS s m 1m",
        "It 0 o it",
        "CL o 0 CL",
        ".model n nmos",
    ]
    turned = text_of(other_polarity([Row(row, 1) for row in rows]))
    expected = ["VDD p 0 5", "VSS m 0 -5", "RD m o RD", "M1 o g s p n", "ISS p s 1m", "It 0 o it", "CL o 0 CL"]
    assert turned.splitlines() == [*expected, ".model n pmos"]
    twice = text_of(other_polarity(other_polarity([Row(row, 1) for row in rows])))
    assert twice.splitlines() == rows


def test_a_page_says_how_a_circuit_differs_from_the_one_before(stage: DerivationFile) -> None:
    page = write(build(worked_of(stage), stage), "md")
    assert "This is the first circuit, without `RD` and `IT`, with `VS out 0 0` added; everything else" in page
    anew = "without `IT`, with `M1 out in s 0 n` put in anew, with `RS s 0 RS` added; everything else is as before:"
    assert f"This is the first circuit, {anew}" in page
    assert "This is the circuit “with a source resistor”, without `RD`, with `VS out 0 0` added; everything" in page
    assert page.count("```spice") == 1


FIRST = """V1 in 0 vin
M1 out in 0 0 n
RD out 0 RD
.model n nmos
*% match M1 M2
*% model M1 gm ro"""


@pytest.mark.parametrize(
    ("text", "removed", "added", "anew"),
    [
        (FIRST, (), (), ()),
        (f"* the same\n{FIRST}\n.end", (), (), ()),
        (FIRST + "\nIt 0 out it", (), ("It",), ()),
        (FIRST.replace("RD out 0 RD\n", ""), ("RD",), (), ()),
        (FIRST.replace("RD out 0 RD", "RD   out 0  RD"), (), (), ()),
        (FIRST.replace("0 RD", "0 {2*RD}"), (), (), ("RD",)),
        (FIRST.replace("gm ro", "gm"), (), (), ("*%",)),
        ("V1 in 0 vin\nRD out 0 RD\n.model n nmos", ("M1",), (), ()),
        (FIRST.replace("M1 M2", "M1 M3"), (), ("*%",), ()),
        (FIRST.replace(".model n nmos", ".model n nmos kp=1m"), (), (), (".model",)),
        (FIRST.replace("*% match M1 M2\n", ""), ("*% match M1 M2",), (), ()),
    ],
)
def test_one_circuit_differs_from_another_in_these_cards(
    text: str, removed: tuple[str, ...], added: tuple[str, ...], anew: tuple[str, ...]
) -> None:
    found = changed_cards(FIRST, text)
    assert found.removed == removed
    assert tuple(card.words[0] for card in found.added) == added
    assert tuple(card.words[0] for card in found.anew) == anew


def test_a_circuit_far_from_all_others_is_told_whole() -> None:
    far = "\n".join(f"R{k} a{k} 0 R{k}" for k in range(6))
    assert nearest(far, [("", FIRST)]) is None
    assert nearest(FIRST + "\nIt 0 out it", [("", far), ("b", FIRST), ("c", FIRST)])[0] == "b"
    assert nearest("", [("", FIRST)]) is None and nearest(FIRST, [("", "")]) is None
    head = STAGE.partition("[circuits.")[0]
    text = f"""{head}[circuits.far]
netlist = '''
V1 in 0 vin
{far}
R9 in a0 R9
'''
[[quantity]]
name = "A_v"
of = "v(out)/vin"
[[quantity]]
name = "A_far"
of = "v(a0)/vin"
circuit = "far"
"""
    file = read_derivation(text, "stage.toml")
    page = write(build(worked_of(file), file), "md")
    part = page.partition("\n## Far\n")[2]
    assert "### Schematic" in part and "R5 a5 0 R5" in part and page.count("```spice") == 2


def test_a_line_that_says_that_a_node_is_its_source_is_not_printed(stage: DerivationFile) -> None:
    page = write(build(worked_of(stage), stage), "md")
    assert "v_{in} = v_{in}" not in page and "v_{out}" in page


@pytest.mark.parametrize("audience", ["student", "instructor"])
@pytest.mark.parametrize("detail", ["result", "steps", "full"])
def test_every_audience_and_detail_has_every_circuit(stage: DerivationFile, audience: str, detail: str) -> None:
    page = write(build(worked_of(stage), stage, wishes=Wishes(detail, audience)), "md")
    assert "## Output shorted" in page and "## Degenerated and shorted" in page


STATED = """
schema = 1
name = "two-stages"
title = "Two stages"
chapter = 1
given = ['v_1 = A_1 v_i', 'v_2 = A_2 v_1', 'v_2 = V_x']
nominal = { A_1 = "10", A_2 = "5", v_i = "1m" }

[[quantity]]
name = "V_x"
of = "V_x"
in_terms_of = ["A_1", "A_2", "v_i"]

[[quantity]]
name = "S"
of = "slope(V_x, v_i)"
in_terms_of = ["A_1", "A_2"]
"""


def test_given_relations_stand_once_and_are_cited_by_their_numbers() -> None:
    file = read_derivation(STATED, "two-stages.toml")
    page = write(build(worked_of(file), file), "md")
    for number, relation in enumerate(("v_1 = A_1 v_i", "v_2 = A_2 v_1", "v_2 = V_x"), 1):
        assert page.count(relation) == 1 and f"{relation} \\tag{{{number}}}" in page
    assert "As before: (1)" not in page and "Solve (1) for $v_1$" in page


def test_a_result_that_stands_right_above_is_not_printed_again() -> None:
    file = read_derivation(STATED, "two-stages.toml")
    page = write(build(worked_of(file), file), "md")
    boxed = re.search(r"\\boxed\{V_x = [^}]*\} \\tag\{(\d+)\}", page)
    assert boxed is not None and "From above" not in page
    assert f"The slope of ({boxed.group(1)}) with respect to" in page
    alone = write(build(worked_of(file), file, wishes=Wishes(detail="result")), "md")
    assert "v_1 = A_1 v_i" in alone and "v_1 = A_1 v_i \\tag" not in alone
