"""The gallery in a real browser: searched, read, copied from, followed, at every width, by day and by night."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from browser import Browser, chromium

from diffsym.api import Circuit
from diffsym.circuit.netlist import read_netlist
from diffsym.cli import main
from diffsym.commands import library
from diffsym.expression.printing import to_mathml
from diffsym.expression.reading import read_expression
from diffsym.kernel.check import check
from diffsym.kernel.claims import Equal, Fact
from diffsym.locate import shipped

NAMES = ("two-measurements", "mos-pair-ideal", "mos-pair", "mos-pair-large-signal")
"""In teaching order: without a circuit, with one, with several quantities, with square roots."""

PAGES = ("index", *NAMES)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of four, made as ``make`` makes the whole one."""
    sources, folder = tmp_path_factory.mktemp("derivations"), tmp_path_factory.mktemp("gallery")
    for name in NAMES:
        shutil.copy(shipped("derivations") / f"{name}.toml", sources)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "shipped", lambda name: sources)
        made = ["derive", "--all", "--format", "html,md,tex", "--jobs", "1", "--json", "-o", str(folder)]
        assert main(made) == 0
    return folder


@pytest.fixture(scope="module")
def tab() -> Iterator[Browser]:
    with chromium() as browser:
        browser.ask("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        yield browser


@pytest.fixture
def browser(tab: Browser) -> Iterator[Browser]:
    """The tab as a desktop shows it. Whatever a page complained of fails the test."""
    tab.size(1200)
    tab.media("screen")
    tab.scripts(True)
    tab.complaints.clear()
    tab.requests.clear()
    yield tab
    assert tab.complaints == []
    assert [url for url in tab.requests if not url.startswith(("file://", "about:"))] == []


def found(browser: Browser) -> list[str]:
    shown: list[str] = browser.run("[...document.querySelectorAll('.entry:not([hidden])')].map(each => each.id)")
    return shown


def look_for(browser: Browser, words: str) -> list[str]:
    browser.run("document.getElementById('wanted').value = ''")
    browser.click("#wanted")
    browser.type(words)
    return found(browser)


# The way through ----------------------------------------------------------------------------------------------------


def test_search_open_find_copy_and_go_on(gallery: Path, browser: Browser) -> None:
    browser.open(gallery / "index.html")
    assert found(browser) == list(NAMES)
    assert look_for(browser, "finite output resistance") == ["mos-pair"]
    browser.follow("#mos-pair h3 a")
    assert browser.run("location.pathname").endswith("/mos-pair.html")

    boxed = browser.run("document.querySelector('.boxed math').outerHTML")
    assert bare(to_mathml(read_expression("-g_m (R_D || r_o)"))) in bare(boxed)
    assert browser.run("document.querySelector('.boxed math').namespaceURI").endswith("/MathML")

    browser.click(".boxed .copy")
    copied = browser.run("navigator.clipboard.readText()")
    assert proved_equal(copied.split("=")[-1], "-g_m (R_D || r_o)")
    assert browser.run("document.getElementById('said').textContent") == "Copied"

    browser.follow(".turning .next")
    assert browser.run("location.pathname").endswith("/mos-pair-large-signal.html")
    assert browser.run("document.querySelector('a[rel=next]')") is None
    browser.follow(".bar a[rel=prev]")
    assert browser.run("location.pathname").endswith("/mos-pair.html")
    browser.follow(".bar .home")
    assert browser.run("document.title") == "Worked solutions"


def bare(mathml: str) -> str:
    """MathML as its elements and letters only."""
    plain = re.sub(r"</?mrow>", "", re.sub(r"<(\w+)[^>]*>", r"<\1>", mathml))
    return plain.removeprefix("<math>").removesuffix("</math>")


def proved_equal(left: str, right: str) -> bool:
    return isinstance(check(Equal(read_expression(left), read_expression(right))), Fact)


def test_without_a_clipboard_a_selection_is_copied(gallery: Path, browser: Browser) -> None:
    browser.open(gallery / "mos-pair.html")
    browser.run(
        """Object.defineProperty(navigator, "clipboard", { value: undefined });
        document.addEventListener("copy", () => { window.taken = document.activeElement.value; }); 0"""
    )
    browser.click(".boxed .copy")
    latex = browser.run("document.querySelector('.boxed').dataset.latex")
    assert browser.run("window.taken") == latex
    assert browser.run("document.getElementById('said').textContent") == "Copied"
    assert browser.run("document.activeElement.closest('.boxed') !== null")


def test_every_formula_can_be_copied(gallery: Path, browser: Browser) -> None:
    for name in PAGES:
        browser.open(gallery / f"{name}.html")
        left_out = browser.run(
            "[...document.querySelectorAll('math')].filter(each => !each.closest('[data-latex]')).length"
        )
        assert left_out == 0
        displayed = "document.querySelectorAll('.equation').length"
        assert browser.run(displayed) == browser.run("document.querySelectorAll('.equation .copy').length")
    browser.open(gallery / "mos-pair.html")
    browser.ask("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    where = browser.run(
        """(() => { const box = document.querySelector("p .math").getBoundingClientRect();
        return [box.left + box.width / 2, box.top + box.height / 2]; })()"""
    )
    browser.ask("Input.dispatchMouseEvent", type="mouseMoved", x=where[0], y=where[1])
    browser.click(".beside")
    assert browser.run("navigator.clipboard.readText()") == browser.run(
        "document.querySelector('p .math').dataset.latex"
    )


# Search -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("measurements", ["two-measurements"]),
        ("CMRR", ["two-measurements", "mos-pair-ideal", "mos-pair"]),
        ("A_d1 finite", ["mos-pair"]),
        ("Ad1 finite", ["mos-pair"]),
        ("$A_{d1}$ finite", ["mos-pair"]),
        ("virtual ground", ["mos-pair-ideal", "mos-pair"]),
        ("half-circuit", ["mos-pair-ideal", "mos-pair"]),
        ("C29", ["mos-pair"]),
        ("c2", ["mos-pair-ideal", "mos-pair"]),
        ("S11", ["mos-pair"]),
        ("steering", ["mos-pair-large-signal"]),
        ("mosfet", ["mos-pair-ideal", "mos-pair", "mos-pair-large-signal"]),
        ("large-signal behaviour", ["mos-pair-large-signal"]),
        ("zebra", []),
        ("   ", list(NAMES)),
        ("<b>\\ ((", []),
    ],
)
def test_a_search_finds(words: str, wanted: list[str], gallery: Path, browser: Browser) -> None:
    browser.open(gallery / "index.html")
    assert look_for(browser, words) == wanted
    told = browser.run("document.getElementById('found').textContent")
    assert told == ("" if not words.strip() else f"{len(wanted)} of 4" if wanted else told) and (wanted or told)
    headings = browser.run("[...document.querySelectorAll('.of-chapter:not([hidden])')].length")
    assert (headings == 0) == (not wanted)


def test_a_search_can_be_linked_and_taken_back(gallery: Path, browser: Browser) -> None:
    browser.open("about:blank")
    browser.open((gallery / "index.html").resolve().as_uri() + "#q=C29")
    assert found(browser) == ["mos-pair"]
    browser.run("location.hash = '#q=S12%20zebra'")
    browser.run("new Promise(done => setTimeout(done, 50))")
    assert found(browser) == []
    browser.click("#wanted")
    for kind in ("keyDown", "keyUp"):
        browser.ask("Input.dispatchKeyEvent", type=kind, key="Escape", windowsVirtualKeyCode=27)
    assert found(browser) == list(NAMES)


def test_without_scripts_everything_is_there(gallery: Path, browser: Browser) -> None:
    browser.scripts(False)
    browser.open(gallery / "index.html")
    browser.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert found(browser) == list(NAMES)
    seen = "getComputedStyle(document.querySelector({})).display"
    assert browser.run(seen.format("'.search'")) == "none"
    browser.scripts(False)
    browser.open(gallery / "mos-pair.html")
    browser.scripts(True)
    assert browser.run(seen.format("'.copy'")) == "none"
    assert browser.run(seen.format("'a.download'")) != "none"


# The shape of a page ------------------------------------------------------------------------------------------------

BESIDES = ".formula, .scroll, .picture, pre, .results .math, p, main ul, main ol"
"""What may be wider than it is shown, and scrolls by itself."""

OVERHANGING = f"""(() => {{
  const width = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("body *")].filter((each) => {{
    const box = each.getBoundingClientRect();
    return box.width > 1 && (box.right > width + 0.5 || box.left < -0.5) && !each.parentElement.closest("{BESIDES}");
  }});
  return [document.documentElement.scrollWidth - width, out.map((each) => each.outerHTML.slice(0, 100))];
}})()"""

OVERLAPPING = """(() => {
  const boxes = (row) => [...row.querySelectorAll(":scope > .lead, :scope .formula, :scope .aside, :scope .tail")];
  const before = (one, other) => one <= other + 0.5;
  const apart = (a, b) => before(a.right, b.left) || before(b.right, a.left) ||
    before(a.bottom, b.top) || before(b.bottom, a.top);
  const bad = [];
  const rows = [...document.querySelectorAll(".equation")];
  for (const row of rows) {
    const all = boxes(row).map((each) => each.getBoundingClientRect());
    for (const [place, a] of all.entries()) for (const b of all.slice(place + 1)) if (!apart(a, b)) bad.push(row.id);
  }
  const parts = "main :is(p, pre, .equation, figcaption, h2, h3, .picture)";
  const flow = [...document.querySelectorAll(parts)]
    .filter((each) => !each.closest("li")).map((each) => [each, each.getBoundingClientRect()]);
  for (const [place, [a, box]] of flow.entries()) for (const [b, other] of flow.slice(place + 1, place + 6))
    if (!a.contains(b) && !b.contains(a) && !apart(box, other))
      bad.push(a.outerHTML.slice(0, 60) + " / " + b.outerHTML.slice(0, 60));
  return bad;
})()"""


@pytest.mark.parametrize("width", [360, 640, 1200, 1600])
def test_nothing_hangs_over_the_edge_or_over_something_else(width: int, gallery: Path, browser: Browser) -> None:
    browser.size(width)
    for name in PAGES:
        browser.open(gallery / f"{name}.html")
        assert browser.run(OVERHANGING) == [0, []], name
        assert browser.run(OVERLAPPING) == [], name


def test_the_check_of_overlaps_can_fail(gallery: Path, browser: Browser) -> None:
    browser.open(gallery / "mos-pair.html")
    browser.run(
        """(() => { const row = document.querySelector(".equation:not(.led)"); row.style.display = "block";
        row.querySelector(".tail").style.marginTop = "-2rem"; })()"""
    )
    assert browser.run(OVERLAPPING)
    browser.run("document.querySelector('h1').style.width = '150vw'")
    assert browser.run(OVERHANGING)[0] > 0


def test_equations_that_follow_each_other_line_up(gallery: Path, browser: Browser) -> None:
    browser.open(gallery / "mos-pair.html")
    starts = browser.run(
        """[...document.querySelectorAll(".equation + .equation")].map((each) =>
        [each.previousElementSibling, each].map((one) => [...one.querySelectorAll(".rows mtd:nth-child(2)")]
          .map((cell) => cell.getBoundingClientRect().left))).filter(([one, other]) => one.length * other.length)"""
    )
    assert starts, "this page has equations that follow each other"
    assert all(one[-1] == pytest.approx(other[0], abs=0.6) for one, other in starts)
    ends = browser.run(
        """[...document.querySelectorAll(".rows mtd:first-child > mrow")].map((each) => {
        const [inner, cell] = [each, each.parentElement].map((one) => one.getBoundingClientRect());
        return inner.width ? cell.right - inner.right : 0; })"""
    )
    assert ends and max(map(abs, ends)) < 1, "left sides end at the sign"


def test_numbers_stand_at_the_right_edge_below_each_other(gallery: Path, browser: Browser) -> None:
    browser.open(gallery / "mos-pair.html")
    rights = browser.run("[...document.querySelectorAll('.number')].map(each => each.getBoundingClientRect().right)")
    assert len(rights) > 20 and max(rights) - min(rights) < 1


def test_the_contents_lead_to_every_heading(gallery: Path, browser: Browser) -> None:
    for name in NAMES:
        browser.open(gallery / f"{name}.html")
        targets = browser.run("[...document.querySelectorAll('.contents a')].map(each => each.hash.slice(1))")
        headings = browser.run("[...document.querySelectorAll('main :is(h2, h3)[id]')].map(each => each.id)")
        assert targets == headings and len(set(targets)) == len(targets) > 4
    browser.click(".contents li:last-child > a")
    browser.run("new Promise(done => setTimeout(done, 700))")
    assert browser.run("document.querySelector('.contents [aria-current]') !== null")


def test_a_keyboard_is_enough(gallery: Path, browser: Browser) -> None:
    browser.open(gallery / "mos-pair.html")

    def press(key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            browser.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more)

    press("Tab", 9)
    assert browser.run("document.activeElement.className") == "skip"
    assert browser.run("document.activeElement.getBoundingClientRect().top") >= 0
    assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press("Enter", 13, "\r")
    assert browser.run("location.hash") == "#content"
    browser.run("document.querySelector('.boxed .copy').focus()")
    press("Enter", 13, "\r")
    browser.run("new Promise(done => setTimeout(done, 50))")
    assert browser.run("document.getElementById('said').textContent") == "Copied"
    browser.open(gallery / "index.html")
    press("/", 191, "/")
    assert browser.run("document.activeElement.id") == "wanted"


def luminance(colour: str) -> float:
    parts = [float(each) / 255 for each in re.findall(r"[\d.]+", colour)[:3]]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


COLOURS = """(() => {
  const behind = (each) => {
    for (let here = each; here; here = here.parentElement) {
      const colour = getComputedStyle(here).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const seen = new Map();
  const marks = "h1, p, a, math, figcaption, code, button, th, td, dt, dd, label, input, .picture svg [stroke]";
  for (const each of document.querySelectorAll(marks + ", .number, .lead, .aside, .catalog, .chapter")) {
    const style = getComputedStyle(each);
    const stroke = each.matches("svg [stroke]") ? style.stroke : style.color;
    if (/^rgb/.test(stroke)) seen.set(stroke + behind(each), [each.outerHTML.slice(0, 60), stroke, behind(each)]);
  }
  return [...seen.values()];
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everything_is_legible(dark: bool, gallery: Path, browser: Browser) -> None:
    browser.size(1200, dark=dark)
    for name in ("index", "mos-pair"):
        browser.open(gallery / f"{name}.html")
        paper = browser.run("getComputedStyle(document.body).backgroundColor")
        assert (luminance(paper) < 0.1) == dark
        colours = browser.run(COLOURS)
        assert len(colours) > 2
        for what, ink, ground in colours:
            assert contrast(ink, ground) >= 4.5, (what, ink, ground)
    browser.open(gallery / "index.html")
    inverted = browser.run("getComputedStyle(document.querySelector('.thumbnail img')).filter")
    assert inverted.startswith("invert") == dark


def test_on_paper_there_is_the_solution_and_nothing_to_press(gallery: Path, browser: Browser) -> None:
    browser.open(gallery / "mos-pair.html")
    browser.media("print")
    shown = "[...document.querySelectorAll({})].filter(each => each.checkVisibility()).length"
    assert browser.run(shown.format("'nav, button, .skip, a.download, #said'")) == 0
    assert browser.run(shown.format("'.boxed math'")) > 4
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


# What a page holds --------------------------------------------------------------------------------------------------


class _Outline(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.names: list[str] = []
        self.links: list[dict[str, str | None]] = []
        self.pictures: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        self.names += [attributes["id"] or ""] if "id" in attributes else []
        self.links += [attributes] if tag == "a" else []
        self.pictures += [attributes] if tag == "img" else []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound(name: str, gallery: Path) -> None:
    outline = _Outline((gallery / f"{name}.html").read_text(encoding="utf-8"))
    assert outline.levels[0] == 1 and outline.levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(outline.levels))
    assert len(outline.names) == len(set(outline.names))
    assert all("alt" in each for each in outline.pictures)
    for link in outline.links:
        target = link["href"] or ""
        if target.startswith("#"):
            assert target[1:] in outline.names
        elif not target.startswith("data:text/plain"):
            assert (gallery / target).is_file(), target


def test_every_file_is_linked_and_thumbnails_are_there(gallery: Path) -> None:
    outline = _Outline((gallery / "index.html").read_text(encoding="utf-8"))
    linked = {link["href"] for link in outline.links}
    pages = {path.name for path in gallery.iterdir() if path.suffix in (".html", ".md", ".tex")} - {"index.html"}
    assert pages <= linked and len(pages) == 3 * len(NAMES)
    assert {each["src"] for each in outline.pictures} == {
        f"{name}-circuit.svg" for name in NAMES if name != "two-measurements"
    }
    assert all((gallery / str(each["src"])).is_file() for each in outline.pictures)


def decks_of(page: Path) -> list[tuple[str, str]]:
    links = [each for each in _Outline(page.read_text(encoding="utf-8")).links if "download" in each]
    return [(str(each["download"]), unquote(str(each["href"]).partition(",")[2])) for each in links]


def test_the_netlist_that_is_downloaded_is_the_circuit(gallery: Path) -> None:
    decks = decks_of(gallery / "mos-pair.html")
    assert decks[0][0] == "mos-pair.cir" and len({name for name, _ in decks}) == len(decks)
    circuit = Circuit(read_netlist(decks[0][1], title_line=True))
    assert proved_equal(circuit.solve("v(o1,o2)/vid").text, "-g_m (R_D || r_o)")
    for _, deck in decks[1:]:
        assert read_netlist(deck, title_line=True).elements


def test_the_netlist_is_copied_as_it_is_downloaded(gallery: Path, browser: Browser) -> None:
    browser.open(gallery / "mos-pair.html")
    browser.click(".copy-text")
    assert browser.run("navigator.clipboard.readText()") == decks_of(gallery / "mos-pair.html")[0][1]


def test_two_pictures_of_one_page_share_no_name(gallery: Path) -> None:
    page = (gallery / "mos-pair.html").read_text(encoding="utf-8")
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) > 1
    names: list[str] = []
    for picture in pictures:
        own = re.findall(r'\bid="([^"]*)"', picture)
        assert set(re.findall(r'href="#([^"]*)"', picture)) <= set(own)
        names += own
    assert len(names) == len(set(names)) > 4
