"""Tests that no environment runs are told by the package that is missing in all of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from skipped_tests import main, never_ran

SUPPORT = Path(__file__).parents[1] / "support"
FILES = {
    "conftest.py": "from skip_record import pytest_make_collect_report, pytest_runtest_makereport\n",
    "test_whole.py": "import pytest\npytest.importorskip('one_package.part')\ndef test(): pass\n",
    "test_some.py": """
import pytest

@pytest.fixture
def other():
    return pytest.importorskip('other_package', reason='Words of our own.')

def test_plain(): pass
def test_here(): pytest.importorskip('one_package')
def test_fixture(other): pass
def test_data(): pytest.skip('No data here.')
""",
}


@pytest.fixture
def ran(tmp_path):
    """Function that runs the tests in an environment that has some packages, and gives the folder of what ran."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    folder = tmp_path / "ran"
    folder.mkdir()

    def run(*packages):
        place = tmp_path / "-".join(["environment", *packages])
        for package in packages:
            (place / package).mkdir(parents=True)
            (place / package / "__init__.py").touch()
            (place / package / "part.py").touch()
        environment = os.environ | {"SKIP_RECORD": str(folder), "PYTHONPATH": f"{SUPPORT}{os.pathsep}{place}"}
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
        done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
        return str(folder)

    return run


def test_what_one_environment_runs_is_run(ran, capsys):
    folder = ran()
    assert main(["files", folder]) == 0
    assert capsys.readouterr().out.split() == ["test_some.py", "test_whole.py"]
    assert main(["check", folder]) == 1
    told = capsys.readouterr().err
    assert "test_whole.py:: is skipped in every environment: one_package is in none of them." in told
    assert "test_data" not in told
    ran("one_package")
    assert main(["check", folder]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "test_some.py::test_fixture is skipped in every environment: other_package is in none of them."
    ]
    assert main(["check", folder, "other_package"]) == 0


def test_nothing_recorded_is_no_success(tmp_path, capsys):
    assert main(["check", str(tmp_path)]) == 2
    assert "Nothing is recorded" in capsys.readouterr().err


def test_a_file_ran_where_any_of_its_tests_did():
    assert never_ran(["one\ta.py::", "ran\ta.py::test", "two\tb.py::"]) == {"b.py::": "two"}
