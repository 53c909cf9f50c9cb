"""The wheel is whole: installed elsewhere, out of sight of the checkout, diffsym does its main job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


def run(*words: str | Path, folder: Path, **settings: str) -> str:
    """What the command prints; fails with what it says where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=environment | settings,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    (built,) = folder.glob("diffsym-*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel; the packages it needs are seen, the checkout is not.

    The current site-packages are put behind its own by a path of modules, which does not act on the ``.pth`` file
    that an editable installation leaves there.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "env", folder=folder)
    programs = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    python = programs / "python"
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", folder=folder).strip()
    here = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(site, "dependencies.pth").write_text("\n".join(sorted(here)) + "\n", encoding="utf-8")
    pip = ("-m", "pip", "--python", python, "install", "--disable-pip-version-check", "--no-deps", "--no-index")
    run(sys.executable, *pip, "--force-reinstall", "--ignore-installed", wheel, folder=folder)
    return programs


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder with nothing in it, to work from."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_everything_shipped_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("templates", "derivations"):
        shipped = {
            f"diffsym/_shipped/{folder}/{path.relative_to(ROOT / folder).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert shipped <= names
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "diffsym").rglob("*.toml")}
    assert sources and sources <= names
    assert "diffsym/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "build/")) or "__pycache__" in name]


def test_the_checkout_is_out_of_sight(elsewhere: Path, empty: Path) -> None:
    script = "import diffsym, pathlib; print(pathlib.Path(diffsym.__file__).resolve())"
    found = Path(run(elsewhere / "python", "-c", script, folder=empty).strip())
    assert elsewhere.parent.resolve() in found.parents
    assert ROOT not in found.parents


def test_the_shipped_folders_are_those_of_the_wheel(elsewhere: Path, empty: Path) -> None:
    script = "from diffsym.locate import shipped; print(shipped('templates')); print(shipped('derivations'))"
    for line in run(elsewhere / "python", "-c", script, folder=empty).splitlines():
        assert "_shipped" in Path(line).parts
        assert ROOT not in Path(line).parents


def test_the_library_is_listed(elsewhere: Path, empty: Path) -> None:
    listed = json.loads(run(elsewhere / "diffsym", "list", "--json", folder=empty))
    assert "mos-pair" in {each["name"] for each in listed}
    assert all({"name", "title", "chapter", "catalog", "quantities"} <= set(each) for each in listed)


def test_the_pair_is_derived(elsewhere: Path, empty: Path) -> None:
    run(elsewhere / "diffsym", "derive", "mos-pair", "--format", "md,tex,html", "-o", "out", folder=empty)
    texts = {
        suffix: "\n".join(path.read_text(encoding="utf-8") for path in (empty / "out").rglob(f"*.{suffix}"))
        for suffix in ("md", "tex", "html")
    }
    assert all(texts.values()), f"missing: {[suffix for suffix, text in texts.items() if not text]}"
    assert r"\parallel" in texts["md"] and r"\begin{document}" in texts["tex"] and "<html" in texts["html"]
    assert not [path for path in empty.iterdir() if path.name != "out"], "only the folder asked for is written"


def test_a_deck_of_ones_own_is_solved(elsewhere: Path, empty: Path) -> None:
    (empty / "divider.cir").write_text("a divider\nV1 a 0 vin\nR1 a b R1\nR2 b 0 R2\n", encoding="utf-8")
    answer = json.loads(run(elsewhere / "diffsym", "solve", "divider.cir", "v(b)/vin", "--json", folder=empty))
    assert answer["expression"].replace(" ", "") in ("R2/(R1+R2)", "R2/(R2+R1)")
