"""The package as a whole: it is cheap to import, and its papers agree with each other."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import tevcurve

ROOT = Path(__file__).resolve().parents[1]
SLOW = ("matplotlib", "scipy.stats", "iminuit", "regions")


def modules_after(statement):
    """The names of all modules that a fresh interpreter has loaded after a statement."""
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_but_the_standard_library():
    before = modules_after("pass")
    roots = {name.partition(".")[0] for name in modules_after("import tevcurve") - before}
    assert "tevcurve" in roots
    assert roots - {"tevcurve"} <= sys.stdlib_module_names


def test_importing_every_module_loads_nothing_slow():
    walk = (
        "import importlib, pkgutil, tevcurve\n"
        "for module in pkgutil.walk_packages(tevcurve.__path__, 'tevcurve.'):\n"
        "    importlib.import_module(module.name)"
    )
    loaded = modules_after(walk)
    assert "tevcurve.kernels.sphere" in loaded
    assert not loaded.intersection(SLOW)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = tevcurve.nonsense


def test_one_version_everywhere():
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE).group(1)
    assert metadata.version("tevcurve") == tevcurve.__version__ == cited


@pytest.mark.parametrize("name", sorted(set(tevcurve.__all__) - {"__version__"}))
def test_every_public_name_is_there_and_says_what_it_is(name):
    public = getattr(tevcurve, name)
    assert public.__name__.removeprefix("tevcurve.") == name
    assert public.__doc__
    assert len(public.__doc__.strip().splitlines()[0]) > 10
    assert name in dir(tevcurve)


@pytest.mark.parametrize("name", ["light-curve", "tests"])
def test_the_readme_has_each_command_on_one_line(name):
    blocks = re.findall(
        rf"^<!-- command: {name} -->\n```sh\n(.*?)\n```$", (ROOT / "README.md").read_text(), re.M | re.S
    )
    assert len(blocks) == 1
    assert "\n" not in blocks[0]
    assert "pip install" in blocks[0]


def test_links_in_the_papers_lead_somewhere():
    for paper in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / paper).read_text()):
            assert target.startswith("https://") or (ROOT / target).exists(), f"{paper} links to {target}"
