"""Plots show what was proved: curves, poles, slopes and errors against other roads, and letters that do not touch."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from fractions import Fraction
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import diffsym
from diffsym.derivation.library import worked_of
from diffsym.derivation.source import DerivationFile, library, read_derivation
from diffsym.document.builder import build
from diffsym.document.pictures import with_files
from diffsym.document.tree import Document, Figure, Paragraph, Text
from diffsym.document.wishes import Wishes
from diffsym.document.writers import write
from diffsym.drawing.plots.bode import asymptote_at, bode_plot, corners_of, value_at
from diffsym.drawing.plots.chart import Axis, Chart, Plot, Upright
from diffsym.drawing.plots.sheet import _apart, sheet_of
from diffsym.drawing.plots.steering import TOLERATED, linear_range, steering_plot
from diffsym.drawing.plots.svg import to_svg
from diffsym.drawing.plots.ticks import MOST, ticks_of
from diffsym.drawing.plots.tikz import to_tikz
from diffsym.errors import CircuitError, Refuted
from diffsym.expression.notation import Notation
from diffsym.expression.reading import read_expression
from diffsym.simulate.results import Roots
from diffsym.simulate.roots import roots_from

ROOT = Path(__file__).resolve().parents[1]

AMPLIFIER = """
Vi in 0 vi
Rs in g RS
M1 o g 0 0 n
RD vdd o RD
VDD vdd 0 5
CL o 0 CL
.model n nmos
*% model M1 gm ro cgs cgd
"""

NUMBERS = {"gm1": 2e-3, "ro1": 5e4, "RS": 1e3, "RD": 1e4, "CL": 1e-12, "Cgs1": 2e-13, "Cgd1": 5e-14}

STAGE = f"""
schema = 1
name = "stage"
title = "A stage over frequency"
chapter = 10
netlist = '''{AMPLIFIER}'''
nominal = {{ gm1 = "2m", ro1 = "50k", RS = "1k", RD = "10k", CL = "1p", Cgs1 = "0.2p", Cgd1 = "50f" }}
[[quantity]]
name = "A_v"
of = "v(o)/vi"
"""


def say(key: str, **arguments: object) -> str:
    from diffsym.derivation.said import said
    from diffsym.derivation.wording import catalogue

    return catalogue().text(said(key, **arguments))  # type: ignore[arg-type]


def figures_of(document: Document) -> list[Figure]:
    return [
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Figure) and "-plot-" in block.name
    ]


def document_of(text: str, wishes: Wishes | None = None) -> Document:
    file = read_derivation(text, "")
    return build(worked_of(file), file, wishes=wishes or Wishes())


def file_named(name: str) -> DerivationFile:
    return next(file for file in library() if file.name == name)


def bode_of(roots: Roots, unit: str = "1") -> Plot:
    found = bode_plot(roots, say, name="$H$", text="H", unit=unit)
    assert found is not None
    return found


# Over frequency -----------------------------------------------------------------------------------------------------


def test_marked_poles_and_zeros_are_those_of_numpy() -> None:
    import numpy

    answer = diffsym.read_netlist(AMPLIFIER).solve("v(o)/vi")
    found = answer.coefficients(NUMBERS)
    plot = bode_of(roots_from(found.numerator, found.denominator))
    marked = {shape: [m.at[0] for m in plot.chart.panels[0].marks if m.shape == shape] for shape in ("pole", "zero")}
    for shape, side in (("pole", found.denominator), ("zero", found.numerator)):
        polynomial = [float(side.get(power, 0)) for power in range(max(side), -1, -1)]
        theirs = sorted(abs(numpy.roots(polynomial)) / (2 * math.pi))
        assert marked[shape] == pytest.approx(theirs, rel=1e-9)
    assert len(marked["pole"]) == 2 and len(marked["zero"]) == 1


def test_the_curves_are_the_answer_at_each_frequency() -> None:
    answer = diffsym.read_netlist(AMPLIFIER).solve("v(o)/vi")
    found = answer.coefficients(NUMBERS)
    size, phase = (
        panel.curves[0].points for panel in bode_of(roots_from(found.numerator, found.denominator)).chart.panels
    )
    function = answer.to_python()
    for (frequency, decibel), (_, degrees) in list(zip(size, phase, strict=True))[::7]:
        value = function(**NUMBERS, s=2j * math.pi * frequency)
        assert decibel == pytest.approx(20 * math.log10(abs(value)), abs=1e-6)
        there = complex(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
        assert abs(value / abs(value) - there) < 1e-6


@given(
    st.lists(st.floats(1.0, 1e9), min_size=1, max_size=5, unique=True),
    st.lists(st.floats(1.0, 1e9), max_size=3, unique=True),
    st.sampled_from([-30.0, 1.0, 1e-3]),
    st.integers(-2, 2),
)
def test_phase_has_no_jump_and_asymptotes_meet_the_curve_far_away(
    poles: list[float], zeros: list[float], gain: float, at_origin: int
) -> None:
    roots = Roots(tuple(-pole + 0j for pole in poles), tuple(zero + 0j for zero in zeros), gain, at_origin)
    plot = bode_of(roots)
    phases = [y for _, y in plot.chart.panels[1].curves[0].points]
    assert max(abs(after - before) for before, after in pairwise(phases)) < 90
    corners = corners_of(roots)
    far = max(*poles, *zeros, 1.0) * 1e6
    exact = value_at(roots, far)
    assert exact is not None
    assert asymptote_at(roots, corners, far) == pytest.approx(exact[0], abs=1e-4)


def test_a_pair_is_told_with_its_quality_and_an_unstable_pole_as_such() -> None:
    resonant = bode_of(Roots((complex(-1e4, 1e6), complex(-1e4, -1e6)), (), 1.0, 0))
    assert "p1 and p2 at 159.2 kHz with Q = 50" in resonant.caption
    unstable = bode_of(Roots((3e6 + 0j,), (), -2.0, 0))
    assert "not stable" in unstable.caption and "right half-plane" in unstable.caption
    assert "not stable" not in bode_of(Roots((-3e6 + 0j,), (3e6 + 0j,), -2.0, 0)).caption


def test_an_integrator_is_shown_around_unity_gain() -> None:
    points = bode_of(Roots((0j,), (), -1e5, -1)).chart.panels[0].curves[0].points
    assert points[0][0] < 1e5 / (2 * math.pi) < points[-1][0]
    assert points[0][1] > 0 > points[-1][1]


@pytest.mark.parametrize("roots", [Roots((), (), 0.0, 0), Roots((), (), -3.0, 0), Roots((-1.0 + 0j,), (), 0.0, 0)])
def test_what_is_zero_or_constant_has_no_plot(roots: Roots) -> None:
    assert bode_plot(roots, say, name="$H$", text="H") is None


def test_poles_without_damping_leave_a_hole_and_no_infinity() -> None:
    plot = bode_of(Roots((1e6j, -1e6j), (), 1.0, 0))
    assert all(math.isfinite(y) for panel in plot.chart.panels for curve in panel.curves for _, y in curve.points)
    assert "without damping" in plot.caption
    assert plot.chart.panels[1].curves[0].points[-1][1] == pytest.approx(-180)


def test_a_quantity_with_a_unit_is_shown_in_it() -> None:
    axis = bode_of(Roots((-1e6 + 0j,), (), 1e4, 0), "Ω").chart.panels[0].axis
    assert (axis.unit, axis.scale) == ("Ω", "log")


# Current steering ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bjt-pair-large-signal", "mos-pair-large-signal"])
def test_the_tangent_has_half_of_the_proved_transconductance(name: str) -> None:
    worked = worked_of(file_named(name))
    assert worked.circuit is not None
    plot = steering_plot(worked.circuit, worked.notation, say)
    (panel,) = plot.chart.panels
    (x0, y0), (x1, y1) = next(curve for curve in panel.curves if curve.style == "guide").points
    numbers = {each.spec.name: each for each in worked.quantities}
    slope, difference = (numbers[key].derivations[0].derivation.result.right for key in ("G_m", "i_od"))
    point = {key: float(value) for key, value in worked.nominal.items()} | {"vid": 0.0}
    unit = point["VT"] if "VT" in point else math.sqrt(point["ISS"] / point["kn"])
    total = point["alpha"] * point["IEE"] if "IEE" in point else point["ISS"]
    from diffsym.expression.evaluate import evaluate

    assert (y1 - y0) / (x1 - x0) == pytest.approx(float(evaluate(slope, point)) * unit / total / 2, rel=1e-9)  # type: ignore[arg-type]
    one, other = (dict(curve.points) for curve in panel.curves[:2])
    for x in list(one)[::10]:
        if abs(x) < 1.41:
            there = evaluate(difference, {**point, "vid": x * unit})
            assert one[x] - other[x] == pytest.approx(float(there) / total, abs=1e-9)  # type: ignore[arg-type]
        assert one[x] + other[x] == pytest.approx(1)
        assert 0 <= one[x] <= 1


def test_beyond_full_switching_nothing_moves_any_more() -> None:
    worked = worked_of(file_named("mos-pair-large-signal"))
    assert worked.circuit is not None
    (panel,) = steering_plot(worked.circuit, worked.notation, say).chart.panels
    assert [line.at for line in panel.uprights] == pytest.approx([-math.sqrt(2), math.sqrt(2)])
    assert all(y == pytest.approx(1) for x, y in panel.curves[0].points if x > 1.4143)


def test_the_linear_range_ends_where_the_tangent_is_a_tenth_off() -> None:
    end = linear_range(math.tanh, 1.0, 3.0)
    assert math.tanh(end) / end == pytest.approx(1 - TOLERATED)


def test_a_curve_that_was_not_proved_is_refused() -> None:
    worked = worked_of(file_named("bjt-pair-large-signal"))
    assert worked.circuit is not None
    with pytest.raises(Refuted):
        steering_plot(worked.circuit, Notation(), say, asked=read_expression("alpha*IEE*tanh(vid/VT)"))


def test_a_circuit_without_a_pair_has_no_steering() -> None:
    with pytest.raises(CircuitError):
        steering_plot(diffsym.read_netlist(AMPLIFIER).netlist, Notation(), say)


# Over a symbol ------------------------------------------------------------------------------------------------------


def test_rejection_over_the_tail_and_over_mismatch_is_what_a_hand_calculation_gives() -> None:
    file = file_named("mos-pair-load-mismatch")
    captions = {figure.name.rpartition("-")[2]: figure for figure in figures_of(build(worked_of(file), file))}
    # R_D/ΔR_D (1 + 2 g_m R_SS) with 1 mS, 50 kΩ and two per cent
    assert f"{20 * math.log10(50 * 101):.1f} dB" in captions["DeltaRD"].alternative
    assert f"{20 * math.log10(10 * 101):.1f} dB at 10 %" in captions["DeltaRD"].alternative
    assert f"{20 * math.log10(50 * (1 + 2e-3 * 5e6)):.1f} dB at 5 MΩ" in captions["RSS"].alternative


def test_the_error_shown_is_that_of_both_formulas() -> None:
    file = file_named("mos-pair")
    figure = next(each for each in figures_of(build(worked_of(file), file)) if each.name.endswith("error-ro"))
    # −g_m R_D against −g_m (R_D ‖ r_o): R_D/r_o
    assert "At 100 kΩ it is 10 %" in figure.alternative
    assert "1000 % at r_o = 1 kΩ" in figure.alternative
    assert "ten times over" in figure.caption


def test_the_gain_over_its_bias_current_passes_through_the_worked_number() -> None:
    file = file_named("bjt-pair-bias")
    figure = next(each for each in figures_of(build(worked_of(file), file)) if each.name.endswith("IEE"))
    gain = Fraction(99, 100) * Fraction(1, 1000) * 5000 / (2 * Fraction(25, 1000))
    assert f"At 1 mA it is {float(gain):g}" in figure.alternative


# In documents -------------------------------------------------------------------------------------------------------


def test_a_file_with_numbers_has_its_response_and_one_without_says_what_is_missing() -> None:
    assert [figure.name for figure in figures_of(document_of(STAGE))] == ["stage-plot-1-bode"]
    lacking = document_of(STAGE.replace('RS = "1k", ', ""))
    assert not figures_of(lacking)
    words = [
        inline.text
        for section in lacking.sections
        for block in section.blocks
        if isinstance(block, Paragraph)
        for inline in block.inlines
        if isinstance(inline, Text)
    ]
    assert any("there is no number for" in each for each in words)
    assert not figures_of(document_of(re.sub("nominal = .*\n", "", STAGE)))


FED_BACK = """
schema = 1
name = "fed-back"
title = "A follower around its own input"
chapter = 10
netlist = '''
V1 i 0 vi
R1 i o R
R2 o 0 R
C1 o 0 {C}
E1 x 0 o 0 {k}
R3 x o R
'''
nominal = { R = "1k", k = "3", C = "0" }
[[quantity]]
name = "A_v"
of = "v(o)/vi"
"""


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ('k = "3", C = "0"', "with k = 3, R = 1 kΩ, C = 0 F its denominator is zero."),
        ('k = "2", C = "0"', "with k = 2, R = 1 kΩ, C = 0 F it is the same at every frequency."),
    ],
)
def test_a_response_without_a_plot_says_why(values: str, why: str) -> None:
    document = document_of(FED_BACK.replace('k = "3", C = "0"', values))
    assert not figures_of(document)
    page = write(document, "md").replace("$", "")
    assert f"A_v is not plotted over frequency: {why}" in page
    assert len(figures_of(document_of(FED_BACK.replace('C = "0"', 'C = "1p"')))) == 1


def test_numbers_out_of_all_bounds_are_not_plotted() -> None:
    assert not figures_of(document_of(STAGE.replace('CL = "1p"', 'CL = "1e-90"')))


def test_no_plots_where_only_steps_or_questions_are_wished() -> None:
    assert not figures_of(document_of(STAGE, Wishes(detail="steps")))
    assert not figures_of(document_of(STAGE, Wishes(audience="student")))


def test_the_words_and_numbers_of_a_plot_follow_the_language() -> None:
    (figure,) = figures_of(document_of(STAGE, Wishes(language="de")))
    assert "Pole: p1 bei" in figure.caption and re.search(r"\d,\d", figure.caption)
    assert not re.search(r"\b(the|over|with|at)\b", figure.caption + figure.alternative)


@pytest.mark.parametrize(
    ("format", "caption"),
    [
        ("tex", r"{\small $A_v$ over frequency. Poles: $p_1$ at 16.57 MHz, $p_2$ at"),
        ("typ", '  caption: [#formula("A_v", $A_v$); over frequency. Poles: #formula("p1", $p_1$); at 16.57 MHz, '),
        ("md", "$A_v$ over frequency. Poles: $p_1$ at 16.57 MHz, $p_2$ at"),
    ],
)
def test_the_formulas_of_a_caption_are_set_as_formulas(format: str, caption: str) -> None:
    page = write(with_files(document_of(STAGE))[0], format)
    assert any(line.startswith(caption) for line in page.splitlines())


def test_the_formulas_of_a_caption_are_mathml_on_a_page_and_names_for_those_who_hear_it() -> None:
    page = write(document_of(STAGE), "html")
    below = next(each for each in re.findall(r"<figcaption>(.*?)</figcaption>", page) if "over frequency" in each)
    assert re.findall(r"<mi>(\w)</mi><m[in]>(\w)</m[in]>", below) == [*map(tuple, ("Av", "p1", "p2", "z1"))]
    assert "<title>A_v over frequency. Poles: p1 at 16.57 MHz" in page


def test_a_circuit_alone_is_plotted_with_usual_numbers_and_the_page_says_so() -> None:
    page = diffsym.read_netlist(AMPLIFIER).derive("A_v = v(o)/vi").to_html()
    assert "numbers of the usual size" in page
    assert "<title>A_v over frequency." in page
    assert page.count("currentColor") > 10


def test_every_format_has_the_plot() -> None:
    solution = diffsym.derive_text(STAGE)
    assert "line width=1.6bp" in solution.to_latex() and r"\usepackage{circuitikz}" in solution.to_latex()
    assert "Poles: p1 at" in solution.to_html()
    assert "image/svg+xml" in solution.to_notebook() and "stage-plot-1-bode.svg" in solution.to_notebook()
    assert solution.to_pdf().startswith(b"%PDF")


# How it looks -------------------------------------------------------------------------------------------------------

LOOKED_AT = ("mos-pair", "bjt-pair-large-signal", "mos-pair-large-signal", "bjt-pair-bias", "mos-pair-gm-mismatch")


def charts_of(monkeypatch: pytest.MonkeyPatch, file: DerivationFile, language: str) -> list[Plot]:
    """The charts behind a document's plots."""
    from diffsym.document import plots as placing

    found: list[Plot] = []

    def kept(plot: Plot, name: str, _: object) -> Figure:
        found.append(plot)
        return Figure(name)

    monkeypatch.setattr(placing, "figure", kept)
    build(worked_of(file), file, wishes=Wishes(language=language))
    return found


def overlaps(chart: Chart) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes share more than a hair."""
    letters = [each for each in sheet_of(chart).letters if each.text.strip()]
    found = []
    for one, other in combinations(letters, 2):
        (a, b, c, d), (e, f, g, h) = one.box, other.box
        if min(c, g) - max(a, e) > 0.5 and min(d, h) - max(b, f) > 0.5:
            found.append((one.text, other.text))
    return found


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", LOOKED_AT)
def test_no_text_lies_over_another_and_all_lie_on_the_sheet(
    monkeypatch: pytest.MonkeyPatch, name: str, language: str
) -> None:
    plots = charts_of(monkeypatch, file_named(name), language)
    assert plots
    for plot in plots:
        assert not overlaps(plot.chart)
        sheet = sheet_of(plot.chart)
        for letters in sheet.letters:
            left, low, right, high = letters.box
            assert left >= -1 and right <= sheet.width + 1 and low >= -1 and high <= sheet.height + 1, letters.text


def test_overlapping_texts_would_be_found() -> None:
    from dataclasses import replace

    plot = bode_of(Roots((-1e6 + 0j,), (), 10.0, 0))
    upper, lower = plot.chart.panels
    twice = replace(upper, uprights=(Upright(1e5, "$p_1$ and a long name"), Upright(1.2e5, "$p_2$ and a long name")))
    assert overlaps(replace(plot.chart, panels=(twice, lower)))
    assert not overlaps(plot.chart)


def test_many_close_poles_have_names_side_by_side() -> None:
    poles = tuple(-1e6 * 1.1**n + 0j for n in range(7))
    assert not overlaps(bode_of(Roots(poles, (), 10.0, 0)).chart)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_names_keep_their_order_and_their_distance(wanted: list[float]) -> None:
    found = _apart(sorted(wanted), 0.1)
    assert all(after - before >= 0.1 - 1e-6 for before, after in pairwise(found))


def test_curves_differ_without_colour() -> None:
    from diffsym.drawing.plots.sheet import STROKES

    strokes = [(repr(look["linestyle"]), look["linewidth"]) for look in STROKES.values()]
    assert len(set(strokes)) == len(strokes)


def test_an_svg_is_small_has_words_and_no_fixed_colour() -> None:
    (figure,) = figures_of(document_of(STAGE))
    source = figure.sources["svg"]
    assert len(source) < 60_000
    assert not re.search(r"#[0-9a-fA-F]{3,6}\b|rgb\(|<style|<text|<!DOCTYPE", source)
    root = ElementTree.fromstring(source)
    assert [child.tag.rpartition("}")[2] for child in root][:2] == ["title", "desc"]
    assert re.search(r"p1 at \d", root[1].text or "") and "dB" in (root[1].text or "")
    names = [each.get("id") for each in root.iter() if each.get("id")]
    uses = {value[1:] for each in root.iter() for key, value in each.attrib.items() if key.endswith("href")}
    assert len(names) == len(set(names)) and uses == set(names)


# The same bytes -----------------------------------------------------------------------------------------------------

PRINTED = f"""
import hashlib, sys
sys.path.insert(0, {str(ROOT / "tests")!r})
from test_plots import STAGE, document_of, figures_of
from diffsym.document.builder import build
for figure in figures_of(document_of(STAGE)):
    for kind in ("svg", "tex"):
        print(kind, hashlib.sha256(figure.sources[kind].encode()).hexdigest())
"""


def test_the_same_bytes_under_another_hash_seed_and_the_users_own_settings(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 31\naxes.facecolor: red\nfont.family: monospace\n")
    runs = []
    for seed, folder in (("1", ROOT), ("2", tmp_path)):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        run = subprocess.run(
            [sys.executable, "-c", PRINTED], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        runs.append(run.stdout)
    assert runs[0] == runs[1] and runs[0].count("\n") == 2
    plot = bode_of(Roots((-1e6 + 0j,), (), 10.0, 0))
    one, other = (sheet_of(plot.chart) for _ in range(2))
    assert to_svg(one, title="t", description="d") == to_svg(other, title="t", description="d")
    assert to_tikz(one) == to_tikz(other)


def test_nothing_of_the_users_matplotlib_is_changed() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    sheet_of(bode_of(Roots((-1e6 + 0j,), (), 10.0, 0)).chart)
    assert dict(matplotlib.rcParams) == before


# Ticks --------------------------------------------------------------------------------------------------------------


@given(st.floats(-200, 200), st.floats(0.01, 400))
def test_linear_ticks_are_few_and_inside(low: float, span: float) -> None:
    found = ticks_of(Axis("x", low, low + span))
    assert 2 <= len(found.places) <= MOST and len(set(found.texts)) == len(found.texts)
    assert all(low - 1e-6 * span <= place <= low + span * (1 + 1e-6) for place in found.places)


@given(st.floats(-15, 12), st.floats(0.1, 20))
def test_logarithmic_ticks_are_few_and_inside(low: float, decades: float) -> None:
    axis = Axis("x", 10**low, 10 ** (low + decades), "log", "Ω")
    found = ticks_of(axis)
    assert 1 <= len(found.places) <= MOST + 3 and len(set(found.texts)) == len(found.texts)
    assert all(axis.low * (1 - 1e-6) <= place <= axis.high * (1 + 1e-6) for place in (*found.places, *found.small))


def test_ticks_carry_prefixes_and_the_decimal_sign() -> None:
    assert ticks_of(Axis("f", 1e3, 1e6, "log", "Hz")).texts == ("1 k", "10 k", "100 k", "1 M")
    assert ticks_of(Axis("x", 0, 1, step=0.25), ",").texts == ("0", "0,25", "0,5", "0,75", "1")
    volts = ticks_of(Axis("v", -0.1, 0.1, unit="V", step=0.05))
    assert (volts.texts, volts.unit) == (("−100", "−50", "0", "50", "100"), "mV")


# From Python --------------------------------------------------------------------------------------------------------


def test_an_answer_plots_itself(tmp_path: Path) -> None:
    answer = diffsym.read_netlist(AMPLIFIER).solve("v(o)/vi")
    picture = answer.plot_bode(None, NUMBERS)
    assert picture._repr_svg_().startswith("<svg") and "p2 at" in picture.caption
    beginnings = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "tex": rb"\begin{tikzpicture}"}
    for ending, beginning in beginnings.items():
        path = tmp_path / f"bode.{ending}"
        answer.plot_bode(path, NUMBERS, between=(1e3, 1e10))
        assert path.read_bytes().startswith(beginning)


def test_an_answer_too_long_to_be_written_plots_itself_as_a_short_one_does(tmp_path: Path) -> None:
    circuit = diffsym.read_netlist(AMPLIFIER)
    short, long = circuit.solve("v(o)/vi"), circuit.diagrams("v(o)/vi")
    assert long.plot_bode(tmp_path / "bode.svg", NUMBERS).svg == short.plot_bode(None, NUMBERS).svg
    assert (tmp_path / "bode.svg").read_text(encoding="utf-8").startswith("<svg")


def test_what_cannot_be_plotted_says_why(tmp_path: Path) -> None:
    from diffsym.errors import QuantityError, UsageError

    circuit = diffsym.read_netlist(AMPLIFIER)
    answer = circuit.solve("v(o)/vi")
    with pytest.raises(UsageError, match="missing RS"):
        answer.plot_bode(None, {"gm1": 1e-3})
    for between in ((1e6, 1e3), (0.0, 1e3), (1e3, 1e3)):
        with pytest.raises(UsageError, match="no range"):
            answer.plot_bode(None, NUMBERS, between=between)
    with pytest.raises(UsageError, match="cannot be written"):
        answer.plot_bode(tmp_path / "bode.gif", NUMBERS)
    with pytest.raises(QuantityError, match="the same at every frequency"):
        circuit.solve("v(o)/vi", at={"s": 0}).plot_bode(None, NUMBERS)
    assert not list(tmp_path.iterdir())
