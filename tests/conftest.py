"""Where the tests find the real data: `$GAMMAPY_DATA`, or a folder `shared/data` beside the checkout."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

# Before numpy is imported: threads of BLAS on small matrices wait for each other where tests run side by side.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hypothesis
import matplotlib
import pytest
from skip_record import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401 - hooks

matplotlib.use("Agg")
# The same cases in every run: a test that fails fails for everyone.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ROOT.parent / "shared"
HINT = "set GAMMAPY_DATA to the folder that holds hess-dl3-dr1"


@pytest.fixture(autouse=True)
def no_figure_of_others():
    """What one test drew is not where the next one draws."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="module")
def validation_on_path():
    """The folder `validation` can be imported from."""
    sys.path.insert(0, str(ROOT))
    yield
    sys.path.remove(str(ROOT))


@pytest.fixture(scope="session")
def gammapy_data():
    """The data folder, also put into the environment as `$GAMMAPY_DATA`."""
    candidates = [Path(os.environ["GAMMAPY_DATA"])] if os.environ.get("GAMMAPY_DATA") else []
    candidates.append(BESIDE / "data")
    for folder in candidates:
        if (folder / "hess-dl3-dr1").is_dir():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("GAMMAPY_DATA", str(folder))
                yield folder
            return
    pytest.skip(f"The H.E.S.S. test data are not here: {HINT}.")


@pytest.fixture(scope="session")
def hess_dl3_dr1(gammapy_data):
    """The folder of the H.E.S.S. DL3 public test data release 1."""
    return gammapy_data / "hess-dl3-dr1"


@pytest.fixture(scope="session")
def other_stores(gammapy_data):
    """The folder with the data of other instruments and in other dialects."""
    folder = gammapy_data / "others"
    if not folder.is_dir():
        pytest.skip("The data of other instruments are not here: they lie in `others` beside hess-dl3-dr1.")
    return folder


@pytest.fixture(scope="session")
def reference_dir():
    """The folder with the arrays that gammapy 2.1 made on the same runs."""
    folder = BESIDE / "reference"
    if not folder.is_dir():
        pytest.skip("The reference arrays are not here: they lie in shared/reference beside the checkout.")
    return folder


@pytest.fixture(scope="session")
def crab_example():
    """The module `examples/crab_3d.py`, whose steps are functions."""
    spec = importlib.util.spec_from_file_location("crab_3d", ROOT / "examples" / "crab_3d.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def kept_store(tmp_path_factory):
    """The folder of the small store, which no test changes."""
    from small_store import make_store

    folder = tmp_path_factory.mktemp("small_store")
    make_store(folder)
    return folder


@pytest.fixture
def store_copy(kept_store, tmp_path):
    """A copy of the small store that may be changed."""
    shutil.copytree(kept_store, tmp_path / "dl3")
    return tmp_path / "dl3"


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """`browser.Pages` in headless Chromium."""
    from browser import opened_browser

    with opened_browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened
