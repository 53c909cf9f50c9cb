"""The document room: one tree, printed in four formats; templates that cannot reach out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tools import require_tool

from diffsym.document.escaping import escape_latex, escape_markdown, markdown_math, math_text
from diffsym.document.index import IndexEntry, write_index
from diffsym.document.latex_signs import SIGNS
from diffsym.document.layout import rows_of
from diffsym.document.tree import (
    SECTION_KINDS,
    Code,
    Document,
    Equation,
    Figure,
    Heading,
    Items,
    Listing,
    Math,
    Paragraph,
    Reference,
    Section,
    Step,
    Strong,
    Table,
    Text,
)
from diffsym.document.writers import TEXT_FORMATS, write
from diffsym.errors import TemplateError, UsageError
from diffsym.expression.notation import Notation
from diffsym.expression.tree import Negation, Product, Relation, Symbol, equation, number, sum_of
from diffsym.locate import shipped

GOLDENS = Path(__file__).parent / "fixtures" / "documents"

NETLIST = """\
* MOS pair, finite output resistance
V1 g1 0 {vic+vid/2}
V2 g2 0 {vic-vid/2}
VDD vdd 0 5
RD1 vdd o1 RD
RD2 vdd o2 RD
M1 o1 g1 s 0 n
M2 o2 g2 s 0 n

ISS s 0 200u
RSS s 0 RSS
.model n nmos level=1
*% model M1 gm ro
"""

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 260 110" width="260" height="110" role="img" '
    'aria-label="Half-circuit"><g fill="none" stroke="currentColor" stroke-width="1.5">'
    '<path d="M20 55h40M60 35v40M70 35v40M70 40h40v-25h60M70 70h40v25h60"/><path d="M170 15v80"/>'
    '<rect x="162" y="35" width="16" height="40" fill="none"/></g>'
    '<text x="186" y="60" font-size="14" fill="currentColor">R_D</text></svg>'
)

SYMBOLS = ["gm", "ro", "RD", "RSS", "vid", "vic", "vo1", "vo2", "vs", "A_d"]
gm, ro, RD, RSS, vid, vic, vo1, vo2, vs, A_d = (Symbol(name.replace("_", "")) for name in SYMBOLS)
half = number(1) / 2
NOTATION = Notation(
    latex={"vid": "v_{id}", "vo1": "v_{o1}", "vo2": "v_{o2}", "vs": "v_s", "Ad": "A_d", "RSS": "R_{SS}", "RD": "R_D"}
)


def words(text: str) -> tuple[Text, ...]:
    return (Text(text),)


def line(label: str, number: int, left, right, **more) -> Equation:
    return Equation(equation(left, right), label=label, number=number, **more)


def mos_pair() -> Document:
    """The proof of A_d = −g_m (R_D ‖ r_o), by hand, with every kind of block."""
    kcl_1 = line("kcl-o1", 1, sum_of([vo1 / RD, gm * (half * vid - vs), (vo1 - vs) / ro]), 0, lead="o1")
    kcl_2 = line("kcl-o2", 2, sum_of([vo2 / RD, gm * (-(half * vid) - vs), (vo2 - vs) / ro]), 0, lead="o2")
    kcl_s = line(
        "kcl-s",
        3,
        sum_of(
            [
                vs / RSS,
                -(gm * (half * vid - vs)),
                -(gm * (-(half * vid) - vs)),
                -((vo1 - vs) / ro),
                -((vo2 - vs) / ro),
            ]
        ),
        0,
        lead="source s",
    )
    difference = line("difference", 4, sum_of([(vo1 - vo2) / RD, gm * vid, (vo1 - vo2) / ro]), 0)
    chain = Relation(
        (A_d, (vo1 - vo2) / vid, Negation(Product((gm, RD, ro)) / (RD + ro)), -(gm * (RD | ro))), ("=", "=", "=")
    )
    terms = [
        Product((gm, ro, RSS, vid)) / sum_of([RD, ro, 2 * RSS]),
        -Product((gm, ro, vo1)),
        vic,
        Product((gm, RD, vid)),
        -Product((RSS, gm, ro, vid)),
        Product((ro, RSS, vo2)) / RD,
        -Product((gm, ro, vo2)),
    ]
    long_sum = equation(vs, sum_of(terms))
    return Document(
        name="mos-pair",
        title="Differential gain of the MOS pair with finite output resistance",
        subtitle="Two methods, one result: the tail resistance R_SS does not matter",
        chapter=4,
        notation=NOTATION,
        proved=23,
        gaps=0,
        provenance=(("Netlist", "mos-pair.cir"), ("Made by", "diffsym 0.1.0"), ("Template", "base")),
        sections=(
            Section(
                "problem",
                "Problem",
                (
                    Paragraph(
                        (
                            Text("Find the gain "),
                            Math(equation(A_d, (vo1 - vo2) / vid)),
                            Text(" of the pair below, whose transistors have an output resistance "),
                            Math(ro),
                            Text(" — about 100 kΩ here. The tail is "),
                            Strong("not"),
                            Text(" ideal; node "),
                            Code("s"),
                            Text(" sees "),
                            Math(RSS),
                            Text(" to ground."),
                        )
                    ),
                    Listing(NETLIST, language="spice", caption="Netlist: runs in ngspice as it stands"),
                ),
            ),
            Section(
                "schematic",
                "Schematic",
                (
                    Figure(
                        "pair",
                        files={"svg": "mos-pair.svg"},
                        sources={"svg": PICTURE},
                        caption="One half of the pair, for small signals",
                        alternative="A transistor with its load R_D",
                    ),
                ),
            ),
            Section(
                "model",
                "Small-signal model",
                (
                    Table(
                        (words("Symbol"), words("Meaning"), words("Nominal value")),
                        (
                            ((Math(gm),), words("transconductance of M1 and M2, which are matched"), words("1 mS")),
                            ((Math(ro),), words("output resistance, from channel-length modulation"), words("100 kΩ")),
                            ((Math(RD),), (Text("load "), Code("RD1|RD2"), Text(", either one")), words("10 kΩ")),
                            ((Math(RD | ro),), words("load in parallel with the transistor"), words("9.09 kΩ")),
                        ),
                        caption="Parameters",
                    ),
                ),
            ),
            Section(
                "assumptions",
                "Assumptions",
                (
                    Items(
                        (
                            (Text("M1 and M2 are matched, and so are the loads."),),
                            (Text("Capacitances are left out: "), Math(equation(gm * ro, 1, "≫")), Text(".")),
                        )
                    ),
                ),
            ),
            Section(
                "equations",
                "Node equations",
                (
                    Paragraph(words("Kirchhoff's current law, as the sum of the currents that leave each node:")),
                    kcl_1,
                    kcl_2,
                    kcl_s,
                ),
                part="Full circuit",
            ),
            Section(
                "elimination",
                "Elimination",
                (
                    Step(
                        (
                            Text("Subtract "),
                            Reference("kcl-o2"),
                            Text(" from "),
                            Reference("kcl-o1"),
                            Text("; "),
                            Math(vs),
                            Text(" drops out:"),
                        ),
                        difference,
                    ),
                    Heading(3, words("Solve for the difference")),
                    Step(
                        (
                            Text("Collect in "),
                            Reference("difference"),
                            Text(" and divide, which "),
                            Math(equation(RD + ro, 0, "≠")),
                            Text(" allows:"),
                        ),
                        Equation(chain, label="chain", number=5),
                    ),
                    Step(
                        words("A line too long for one row breaks before its signs:"),
                        Equation(long_sum, label="long", number=6),
                    ),
                ),
                part="Full circuit",
            ),
            Section(
                "result",
                "Result",
                (line("A_d", 7, A_d, -(gm * (RD | ro)), boxed=True, note="for every R_SS"),),
                part="Full circuit",
            ),
            Section(
                "second_method",
                "By symmetry",
                (
                    Paragraph(words("Node s is a virtual ground for a differential drive, so half of it is enough.")),
                    Items((words("Ground node s."), words("Find the gain of one half.")), ordered=True),
                    Equation(equation(vo1, -Product((gm, half, vid, RD | ro)))),
                ),
                part="Half-circuit",
            ),
            Section(
                "checks",
                "Checks",
                (
                    Items(
                        (
                            (
                                Text("For "),
                                Math(equation(ro, RD, "≫")),
                                Text(", the gain becomes "),
                                Math(-(gm * RD)),
                                Text("."),
                            ),
                        )
                    ),
                ),
            ),
            Section(
                "interpretation",
                "What it says",
                (Paragraph(words("The load that the transistor sees is its own r_o beside R_D.")),),
            ),
        ),
    )


def bare(**more) -> Document:
    return replace(Document("bare", "A title", (), Notation()), **more)


def one(*blocks, kind="result", **more) -> Document:
    return bare(sections=(Section(kind, "Section", tuple(blocks)),), **more)


# Pages --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", TEXT_FORMATS)
def test_the_pair_prints_as_accepted(format):
    golden = GOLDENS / f"mos-pair.{format}"
    printed = write(mos_pair(), format)
    if os.environ.get("DIFFSYM_ACCEPT") == "1":
        golden.write_text(printed, encoding="utf-8")
    assert printed == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("format", TEXT_FORMATS)
def test_the_same_bytes_under_any_hash_seed(format):
    script = (
        "import sys; sys.path.insert(0, 'tests'); from test_document import mos_pair, write; "
        f"sys.stdout.buffer.write(write(mos_pair(), {format!r}).encode())"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert pages == {write(mos_pair(), format).encode()}


@pytest.mark.parametrize("format", TEXT_FORMATS)
def test_pages_are_tidy(format):
    page = write(mos_pair(), format)
    assert page.endswith("\n") and not page.endswith("\n\n")
    assert "\n\n\n" not in page
    assert not re.search(r"[ \t]$", page, re.MULTILINE)
    assert not re.search(r"[\ue000-\uf8ff]", page)


def test_literal_text_keeps_its_empty_lines():
    listing = Listing("R1 a b 1\n\n\n\nR2 b 0 1")
    assert "R1 a b 1\n\n\n\nR2 b 0 1" in write(one(listing), "md")
    assert "R1 a b 1\n\n\n\nR2 b 0 1" in write(one(listing), "html")


@pytest.mark.parametrize("format", TEXT_FORMATS)
@pytest.mark.parametrize("kind", SECTION_KINDS)
def test_every_kind_of_section_is_printed_once(format, kind):
    page = write(one(Paragraph(words("Zanzibar")), kind=kind), format)
    assert page.count("Zanzibar") == 1


def test_parts_are_headings_above_their_sections():
    page = write(mos_pair(), "md")
    headings = re.findall(r"^#+ .*$", page, re.MULTILINE)
    assert headings[1:5] == ["## Problem", "## Schematic", "## Small-signal model", "## Assumptions"]
    assert headings[5:8] == ["## Full circuit", "### Node equations", "### Elimination"]
    assert headings[-2:] == ["## Checks", "## What it says"]


def test_an_unknown_format_names_the_nearest():
    with pytest.raises(UsageError) as caught:
        write(bare(), "latex")
    assert "did you mean tex?" in str(caught.value)


def test_a_reference_to_no_line_is_refused():
    with pytest.raises(UsageError, match="'nowhere'"):
        write(one(Paragraph((Reference("nowhere"),))), "md")


def test_a_label_used_twice_is_refused():
    with pytest.raises(UsageError, match="twice"):
        write(one(line("a", 1, gm, 1), line("a", 2, gm, 1)), "md")


def test_labels_that_print_alike_get_names_of_their_own():
    page = write(one(line("a_1", 1, gm, 1), line("a 1", 2, gm, 1)), "html")
    assert re.findall(r' id="(bare:[^"]*)"', page) == ["bare:a-1", "bare:a-1-2"]


def test_json_has_each_formula_as_text_and_latex():
    tree = json.loads(write(mos_pair(), "json"))
    result = next(section for section in tree["sections"] if section["kind"] == "result")
    (boxed,) = result["blocks"]
    assert boxed["type"] == "equation" and boxed["boxed"] is True and boxed["number"] == 7
    assert set(boxed["formula"]) == {"text", "latex"}
    assert boxed["formula"]["latex"] == r"A_d = -g_m (R_D \parallel r_o)"
    assert list(tree) == sorted(tree)


def test_a_fragment_has_no_surroundings():
    document = mos_pair()
    assert r"\documentclass" not in write(document, "tex", fragment=True)
    assert r"\begin{document}" not in write(document, "tex", fragment=True)
    assert "<html" not in write(document, "html", fragment=True)
    assert not write(document, "md", fragment=True).startswith("# ")


def test_one_gap_and_one_claim_are_counted_in_words():
    assert "*1 claim proved, 1 gap.*" in write(bare(proved=1, gaps=1), "md")
    assert "*2 Aussagen bewiesen, 0 Lücken.*" in write(bare(proved=2, language="de"), "md")


# HTML ---------------------------------------------------------------------------------------------------------------

INDEX = (
    IndexEntry(
        "mos-pair",
        "The MOS pair",
        4,
        "Differential pairs",
        "C29",
        (equation(A_d, -(gm * (RD | ro))),),
        NOTATION,
        (("HTML", "mos-pair.html"), ("Markdown", "mos-pair.md")),
    ),
    IndexEntry("appendix", "Notation <b>"),
    IndexEntry("stage", "The common-source stage", 3, files=(("HTML", "stage.html"),)),
)


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def html_pages() -> dict[str, str]:
    return {"pair": write(mos_pair(), "html"), "index": write_index(INDEX, title="Library")}


@pytest.mark.parametrize("name", ["pair", "index"])
def test_a_page_stands_on_its_own(name):
    page = html_pages()[name]
    tags = _Tags(page).tags
    assert ("html", {"lang": "en"}) in tags
    assert not {"link", "iframe", "object", "embed"} & {tag for tag, _ in tags}
    assert [attributes for tag, attributes in tags if tag == "script"] == [{}]
    for tag, attributes in tags:
        assert not any(key.startswith("on") for key in attributes)
        for key in ("src", "href"):
            target = attributes.get(key) or ""
            held = tag == "a" and "download" in attributes and target.startswith("data:text/plain;")
            assert held or not re.match(r"(?:[a-z]+:)?//|[a-z]+:", target)
    assert "@import" not in page and "url(" not in page
    assert not re.search(r"\b(?:fetch|XMLHttpRequest|WebSocket|import|eval)\b *\(|https?://(?!www\.w3\.org/)", page)


@pytest.mark.parametrize("name", ["pair", "index"])
def test_a_page_is_well_formed_and_skips_no_heading(name):
    page = html_pages()[name]
    root = ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n"))
    levels = [int(element.tag[1]) for element in root.iter() if re.fullmatch(r"h[1-6]", str(element.tag))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    names = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(names) == len(set(names))
    targets = [element.attrib["href"][1:] for element in root.iter() if element.attrib.get("href", "").startswith("#")]
    assert set(targets) <= set(names)


def test_a_reference_leads_to_its_line():
    page = write(mos_pair(), "html")
    assert '<a class="reference" href="#mos-pair:kcl-o2">(2)</a>' in page
    assert 'id="mos-pair:kcl-o2"' in page


def test_the_index_goes_by_chapter():
    page = write_index(INDEX, title="Library")
    main = page[page.index("<main") :]
    assert main.index("Chapter 3") < main.index("Chapter 4") < main.index("Notation &lt;b&gt;")
    assert main.index("Chapter 4") < main.index("</span>Differential pairs</h2>")
    assert 'href="mos-pair.md"' in page
    assert "<math" in page


def test_headings_inside_a_section_skip_no_level():
    page = write(one(Heading(5, words("Deep")), Heading(3, words("Flat"))), "html")
    assert "<h3>Deep</h3>" in page and "<h3>Flat</h3>" in page


@pytest.mark.parametrize(
    "picture",
    [
        "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        "<svg xmlns='http://www.w3.org/2000/svg'><a href='https://example.org'/></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg'><rect fill='url(https://example.org/x)'/></svg>",
        "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>",
        "<svg",
    ],
)
def test_a_picture_that_could_act_is_refused(picture):
    with pytest.raises(TemplateError):
        write(one(Figure("f", sources={"svg": picture})), "html")


# Hostile text -------------------------------------------------------------------------------------------------------

HOSTILE = (
    r"<< 7*7 >> <% for %> <# #> {{7*7}} \input{/etc/passwd} <script>alert(1)</script> $x$ `a` *b* [c](d) "
    r"""| # ~ ^ & % _ " ' -- ,, '' ]]>"""
)
BREAKING_OUT = HOSTILE + "\n```\n\\end{verbatim}\\input{x}\n</code></pre><script>\n"


def hostile() -> Document:
    every = words(HOSTILE)
    blocks = (
        Paragraph((*every, Strong(HOSTILE), Code(HOSTILE))),
        Heading(3, every),
        Equation(gm, label=HOSTILE, number=1, lead=HOSTILE[:30], note=HOSTILE[-20:]),
        Step((*every, Reference(HOSTILE)), Equation(gm)),
        Table((every,), ((every,), ((Code(HOSTILE),),)), caption=HOSTILE),
        Listing(
            BREAKING_OUT,
            language='"><script>',
            caption=HOSTILE,
        ),
        Items((every,)),
        Figure("f", caption=HOSTILE, alternative=HOSTILE),
    )
    return Document(
        'x"><script>',
        HOSTILE,
        (Section("result", HOSTILE, blocks, part=HOSTILE),),
        Notation(),
        subtitle=HOSTILE,
        provenance=((HOSTILE, HOSTILE),),
        language='en"><script>',
    )


def test_hostile_text_is_inert_in_html():
    page = write(hostile(), "html")
    assert page.count("<script") == 1 and "<script>alert" not in page and "</code></pre><script>" not in page
    assert "&lt;&lt; 7*7 &gt;&gt;" in page
    ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n"))


def test_hostile_text_is_inert_in_markdown():
    page = write(hostile(), "md")
    title = page.splitlines()[0]
    assert r"\<\< 7\*7 \>\>" in title and r"\<script\>" in title and r"\$x\$" in title and r"\[c\](d)" in title
    outside_code = re.sub(r"^(`{3,}).*?^\1$|(``).*?\2", "", page, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"(?<!\\)<|(?<!\\)\$", outside_code)
    fenced = re.search(r"^(`{4,})script\n.*?^\1$", page, re.MULTILINE | re.DOTALL)
    assert fenced and "</code></pre><script>" in fenced.group()


def test_hostile_text_is_inert_in_latex():
    page = write(hostile(), "tex")
    assert r"\input" not in page
    assert r"\end{verbatim}" not in page
    assert r"\textbackslash{}input\{/etc/passwd\}" in page


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("100 kΩ", r"100 k\ensuremath{\Omega}"),
        ("−5 µA → 3 ≈ β", r"\ensuremath{-}5 \textmu{}A \ensuremath{\to} 3 \ensuremath{\approx} \ensuremath{\beta}"),
        ("a_b & 5 % of #1", r"a\_b \& 5 \% of \#1"),
        ("R₁ ‖ R²", r"R\textsubscript{1} \ensuremath{\parallel} R\textsuperscript{2}"),
        ("für ő, Straße", r"für \H{o}, Stra\ss{}e"),
        ("中", r"\texttt{[U+4E2D]}"),
        ("a--b", "a-{}-b"),
        ("one\n\ntwo\x00", "one two"),
    ],
)
def test_latex_escapes(text, printed):
    assert escape_latex(text) == printed


@pytest.mark.parametrize(
    ("text", "printed"),
    [("a_b*c", r"a\_b\*c"), ("<b>|", r"\<b\>\|"), ("R&D", r"R\&D"), ("a & b", "a & b"), ("&lt;", r"\&lt;")],
)
def test_markdown_escapes(text, printed):
    assert escape_markdown(text) == printed


@pytest.mark.parametrize("start", ["# a", "- a", "+ a", "1. a", "2) a", "---", "==="])
def test_a_paragraph_never_becomes_something_else(start):
    page = write(one(Paragraph(words(start))), "md")
    assert not re.search(rf"^{re.escape(start)}$", page.split("## Section")[1].split("---\n\n*")[0], re.MULTILINE)


def test_inline_mathematics_survives_markdown():
    latex = markdown_math(r"\left\{ a\,|\,b \right\} \; x * y < z \\ w\|v")
    assert not re.search(r"\\[^A-Za-z]|[|<>*]", latex)
    assert latex.startswith(r"\left\lbrace")


def test_words_in_a_formula_keep_specials_outside():
    assert math_text("node n_1") == r"\text{node n}\_\text{1}"


# Long lines ---------------------------------------------------------------------------------------------------------


def test_a_broken_line_keeps_every_term_in_order():
    terms = [Symbol(f"x{index}") * Symbol("RSS") for index in range(20)]
    signed = [Negation(term) if index % 3 == 1 else term for index, term in enumerate(terms)]
    for formula in (equation(vs, sum_of(signed)), equation(sum_of(signed), 0)):
        rows = rows_of(formula)
        assert len(rows) > 2
        printed = [part for row in rows for part in (row.left, *row.right) if part is not None]
        again, sign = [], ""
        for part in printed:
            if isinstance(part, str):
                sign = part
                continue
            first, *rest = part.terms if hasattr(part, "terms") else (part,)
            again += [Negation(first) if sign == "−" else first, *rest]
        assert [part for part in again if part not in (vs, number(0))] == signed


def test_a_short_line_is_not_broken():
    assert rows_of(equation(A_d, -(gm * (RD | ro)))) == ()
    assert rows_of(sum_of([gm] * 50)) == ()


# Templates of the reader's own --------------------------------------------------------------------------------------


def with_template(folder: Path, text: str, name: str = "base.md.j2") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_one_block_can_be_replaced(tmp_path):
    block = "<% block result %>\n**Answer to << section.title >>**\n\n<< super() >>\n<% endblock %>\n"
    own = with_template(tmp_path, '<% extends "!base.md.j2" %>\n' + block)
    page, shipped_page = write(mos_pair(), "md", templates=own), write(mos_pair(), "md")
    assert "**Answer to Result**\n\n### Result" in page
    assert page.replace("**Answer to Result**\n\n", "") == shipped_page
    assert write(mos_pair(), "tex", templates=own) == write(mos_pair(), "tex")


def test_macros_are_at_hand_in_a_replaced_block(tmp_path):
    block = "<% block result %>\\begin{quote}<< blocks.body(section.blocks) >>\\end{quote}<% endblock %>"
    own = with_template(tmp_path, '<% extends "!base.tex.j2" %>' + block, "base.tex.j2")
    assert "\\begin{quote}\\begin{equation}" in write(mos_pair(), "tex", templates=own).replace("\n", "")


def test_what_a_template_joins_is_still_escaped(tmp_path):
    joined = '<< "A & B " ~ document.title ~ blocks.sentence(section.blocks[0].inlines) >>'
    text = f'<% extends "!base.tex.j2" %><% block result %>{joined}<% endblock %>'
    own = with_template(tmp_path, text, "base.tex.j2")
    page = write(one(Paragraph((Math(gm),)), title=r"\input{x}"), "tex", templates=own)
    assert r"A \& B \textbackslash{}input\{x\}$g_m$" in page


BROKEN = {
    "unclosed": ("one\n<% if document.title %>\n", 2, "end of template"),
    "variable": ("one\n\n<< documnet.title >>", 3, "did you mean document?"),
    "field": ("one\n<< document.titel >>", 2, "did you mean title?"),
    "block": ('<% extends "!base.md.j2" %>\n<% block reslt %>x<% endblock %>', 2, "did you mean result?"),
    "filter": ("<< document.title | shout >>", 1, "shout"),
    "include": ('\n<% include "nothing.j2" %>', 2, "nothing.j2"),
    "upwards": ('\n<% include "../secret.j2" %>', 2, "secret.j2"),
    "itself": ('\n<% extends "base.md.j2" %>', 2, '"!base.md.j2"'),
    "recursion": ('\n<% include "base.md.j2" %>', 2, "without end"),
    "class": ("<< ''.__class__ >>", 1, "__class__"),
    "globals": ("<< document.__init__.__globals__ >>", 1, "__init__"),
    "mro": ("\n\n<< (document | kind).__class__.__mro__ >>", 3, "__class__"),
    "format": ("<< '{:999999999}'.format(1) >>", 1, "format"),
    "power": ("<< 9**9**9 >>", 1, "template"),
    "repeat": ("<< 'a' * 999999999 >>", 1, "template"),
    "wrong type": ("\n<< 5 | math >>", 2, "formula"),
    "division": ("\n<< 5 // 0 >>", 2, "zero"),
    "loop": ("<% for x in 5 %><% endfor %>", 1, "iterable"),
    "huge": ("<% for x in range(10**9) %><% endfor %>", 1, ""),
    "call": ("\n<< document() >>", 2, "callable"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_template_says_where(case, tmp_path):
    text, at_line, said = BROKEN[case]
    own = with_template(tmp_path, text)
    (tmp_path.parent / "secret.j2").write_text("secret")
    with pytest.raises(TemplateError) as caught:
        write(mos_pair(), "md", templates=own)
    assert caught.value.file == str(own / "base.md.j2")
    assert caught.value.line == at_line
    assert caught.value.hint
    assert said in str(caught.value)


def test_a_template_that_is_not_utf_8_says_so(tmp_path):
    (tmp_path / "base.md.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(TemplateError, match="UTF-8"):
        write(bare(), "md", templates=tmp_path)


def test_a_missing_folder_says_so(tmp_path):
    with pytest.raises(TemplateError, match="does not exist"):
        write(bare(), "md", templates=tmp_path / "nothing")


# Shipped folders ----------------------------------------------------------------------------------------------------


def test_shipped_folders_are_found_in_a_checkout():
    assert (shipped("templates") / "base.md.j2").is_file()
    with pytest.raises(UsageError):
        shipped("no-such-folder")


def test_shipped_folders_are_found_where_a_wheel_puts_them(tmp_path):
    package = tmp_path / "diffsym"
    package.mkdir(parents=True)
    source = Path(__file__).parents[1] / "diffsym"
    for name in ("errors.py", "locate.py"):
        shutil.copy(source / name, package / name)
    (package / "__init__.py").write_text("")
    (package / "_shipped" / "templates").mkdir(parents=True)
    (tmp_path / "templates").mkdir()
    script = "from diffsym.locate import shipped; print(shipped('templates'))"
    found = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str((package / "_shipped" / "templates").resolve())


# TeX ----------------------------------------------------------------------------------------------------------------


def compiled(program: str, text: str, folder: Path) -> str:
    """The log of the last of two runs; fails where TeX stops."""
    require_tool(program)
    (folder / "page.tex").write_text(text, encoding="utf-8")
    for _ in range(2):
        run = subprocess.run(
            [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "page.tex"],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
        )
        assert run.returncode == 0, run.stdout[-2000:]
    return (folder / "page.log").read_text(encoding="utf-8", errors="replace")


def assert_clean(log: str) -> None:
    assert not re.search(r"Overfull|undefined|multiply defined|Missing character", log), log[-3000:]


@pytest.mark.parametrize("program", ["pdflatex", "lualatex"])
def test_the_pair_compiles_cleanly(program, tmp_path):
    assert_clean(compiled(program, write(mos_pair(), "tex"), tmp_path))


def test_lines_of_any_width_stay_on_the_page(tmp_path):
    many = [Symbol(f"R{index}") for index in range(40)]
    wide = (
        equation(vs, Product(tuple(many)) / sum_of(many)),
        equation(sum_of(many), sum_of(many)),
        equation(A_d, sum_of([Product((gm, *many[:8])) / (RD + ro), *many, -Product((gm, *many[:9]))])),
        Relation((A_d, *(Product(tuple(many[:6])) for _ in range(6))), ("=",) * 6),
    )
    leads = ("", "o1", "a long lead")
    blocks = [line(f"l{i}", i, 0, 0, lead=leads[i % 3], boxed=i % 2 == 0) for i in range(len(wide))]
    blocks = [replace(block, formula=formula) for block, formula in zip(blocks, wide, strict=True)]
    netlist = Listing("R1 a b {" + " + ".join(f"R{index}" for index in range(60)) + "}")
    assert_clean(compiled("pdflatex", write(one(*blocks, netlist), "tex"), tmp_path))


def test_a_drawing_stands_in_the_page_and_only_draws(tmp_path):
    drawing = r"\begin{circuitikz}\draw (0,0) to[R=$R_D$] (2,0);\end{circuitikz}"
    page = write(one(Figure("f", sources={"tex": drawing}, caption="A load")), "tex")
    assert r"\usepackage{circuitikz}" in page
    assert_clean(compiled("pdflatex", page, tmp_path))
    with pytest.raises(TemplateError, match="only draw"):
        write(one(Figure("f", sources={"tex": r"\input{/etc/passwd}"})), "tex")
    with pytest.raises(TemplateError, match="plain file name"):
        write(one(Figure("f", files={"tex": "../../x"})), "tex")


@pytest.mark.parametrize("program", ["pdflatex", "lualatex"])
def test_hostile_text_and_every_sign_compile(program, tmp_path):
    signs = "".join(SIGNS) + "".join(map(chr, range(0xA1, 0x17F))) + "中🙂é"
    blocks = hostile().sections[0].blocks
    spread = Paragraph(words(" ".join(signs)))
    document = replace(hostile(), sections=(Section("result", HOSTILE, (*blocks, spread)),))
    log = compiled(program, write(document, "tex"), tmp_path)
    assert "undefined" not in log and "Missing character" not in log


def test_two_fragments_stand_in_one_text(tmp_path):
    (tmp_path / "one.tex").write_text(write(mos_pair(), "tex", fragment=True))
    (tmp_path / "two.tex").write_text(write(replace(mos_pair(), name="other"), "tex", fragment=True))
    packages = "".join(rf"\usepackage{{{name}}}" for name in ("amsmath", "graphicx", "array", "tabularx", "booktabs"))
    text = (
        rf"\documentclass{{article}}\usepackage[T1]{{fontenc}}{packages}\usepackage[margin=27mm]{{geometry}}"
        r"\begin{document}\input{one}\input{two}\end{document}"
    )
    assert_clean(compiled("pdflatex", text, tmp_path))
