"""The public Crab of H.E.S.S., MAGIC and FACT in one light curve, against a computation of its own from the counts."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from tevcurve.errors import InputError

DOCS = Path(__file__).resolve().parents[1] / "docs"
spec = importlib.util.spec_from_file_location("instruments_crab", DOCS / "instruments.py")
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)


@pytest.fixture(scope="module")
def data(gammapy_data):
    if not all((gammapy_data / folder).is_dir() for folder in script.FOLDERS.values()):
        pytest.skip("The data of three instruments are not beside hess-dl3-dr1.")
    return gammapy_data


@pytest.fixture(scope="module")
def raw(data):
    return script.crab(data)


@pytest.fixture(scope="module")
def together(data):
    return script.crab(data, script.FREE)


@pytest.fixture(scope="module")
def cells(raw):
    """Of each instrument: (row, run, n_on, n_off, alpha, signal) of each run and energy bin."""
    joint, _ = raw.origin.rows()
    own = joint.cells
    kept = own.signal > 0
    run = (own.block - own.row * len(joint.runs))[kept]
    columns = [each[kept] for each in (own.row, own.n_on, own.n_off, own.alpha, own.signal)]
    columns.insert(1, run)
    names = np.array([each.run_id.instrument for each in joint.runs])[run]
    return {name: [each[names == name] for each in columns] for name in script.FOLDERS}


def wstat(signal, n_on, n_off, alpha):
    """Twice the logarithm of the likelihood ratio of ON and OFF counts with the background at its best, a sum."""
    excess = alpha * (n_on + n_off) - (1 + alpha) * signal
    root = np.sqrt(excess**2 + 4 * alpha * (1 + alpha) * n_off * signal)
    few = np.maximum(n_on / (1 + alpha) - signal / alpha, 0)
    background = np.where(n_off > 0, (excess + root) / (2 * alpha * (1 + alpha)), few)
    expected = signal + alpha * background
    with np.errstate(divide="ignore", invalid="ignore"):
        on = np.where(n_on > 0, n_on * np.log(n_on / expected), 0)
        off = np.where(n_off > 0, n_off * np.log(n_off / background), 0)
    return 2 * np.sum(expected - n_on + on + background - n_off + off)


def in_one_cell(columns):
    """The same with the energies of each run added up, as wstat of pooled counts has them."""
    row, run, n_on, n_off, alpha, signal = columns
    _, first, place = np.unique(run, return_index=True, return_inverse=True)
    on, off, total = (np.bincount(place, each) for each in (n_on, n_off, signal))
    return [row[first], run[first], on, off, alpha[first], total]


def lowest(function, begin):
    """(the least value, where it is) of a function."""
    options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 4000}
    found = minimize(function, begin, method="Nelder-Mead", options=options)
    return found.fun, found.x


def test_scales_are_those_of_pooled_counts(cells, together):
    pooled = {name: in_one_cell(columns) for name, columns in cells.items()}

    def stat(point, name):
        return wstat(np.exp(point) * pooled[name][5], *pooled[name][2:5])

    best, error = {}, {}
    for name in pooled:
        low, (best[name],) = lowest(lambda point, name=name: stat(point[0], name), [25.0])
        step = 1e-2
        bend = (stat(best[name] + step, name) - 2 * low + stat(best[name] - step, name)) / step**2
        error[name] = np.sqrt(2 / bend)
    scales = together.scales
    assert list(scales["instrument"]) == ["magic", "fact"]
    for row in scales:
        name = row["instrument"]
        assert_allclose(row["log_scale"], best[name] - best["hess"], atol=1e-4)
        assert_allclose(row["error"], np.hypot(error[name], error["hess"]), rtol=1e-3)
    # what the published fits of each instrument have, of other runs in the case of MAGIC
    for row in scales:
        value, width = script.PUBLISHED[row["instrument"]]
        assert abs(row["scale"] - value) < np.hypot(width, row["scale"] * row["error"])
    assert np.all(np.abs(np.asarray(scales["scale"]) - [0.87, 0.732]) < [0.06, 0.01])
    assert_allclose(scales["error"], [0.15, 0.095], atol=0.005)


def test_the_source_varies_without_scales_and_not_with_them(cells, together):
    rows = [
        (name, [each[columns[0] == row] for each in columns])
        for name, columns in cells.items()
        for row in np.unique(columns[0])
    ]
    assert len(rows) == 7

    def stat(point, chosen):
        scale = {"hess": 0.0, "magic": point[1], "fact": point[2]}
        return sum(wstat(np.exp(point[0] + scale[name]) * own[5], *own[2:5]) for name, own in chosen)

    best = sum(lowest(lambda point, one=one: stat([point[0], 0, 0], [one]), [25.0])[0] for one in rows)
    ignored, _ = lowest(lambda point: stat([point[0], 0, 0], rows), [25.0])
    free, (_, *scales) = lowest(lambda point: stat(point, rows), [25.0, -0.1, -0.3])
    found = together.variability(n_toys=0)
    assert_allclose(found.ts_var.value, free - best, atol=1e-3)
    assert_allclose(found.ts_var.without.value, ignored - best, atol=1e-3)
    assert found.ts_var.n_free == 4
    assert_allclose(list(found.pulls.scales.values()), np.exp(scales), rtol=1e-3)
    # and a prototype found 6.3 for 4, and 17.8 for 6
    assert_allclose([found.ts_var.value, found.ts_var.without.value], [6.3, 17.8], atol=0.5)
    assert found.ts_var.p_value > 0.1
    assert found.ts_var.without.p_value < 0.01


def test_no_two_observed_at_the_same_time(data, raw):
    spans = {}
    for run in raw.origin.runs:
        span = (run.gti.start[0].tt.mjd, run.gti.stop[-1].tt.mjd)
        spans.setdefault(run.run_id.instrument, []).append(span)
    hess, magic, fact = (np.array(spans[name]) for name in ("hess", "magic", "fact"))
    assert hess.max() < magic.min()
    assert magic.max() < fact.min()
    with pytest.raises(InputError, match="magic and fact never observed at the same time as hess"):
        script.crab(data, script.FREE, from_="overlap")


def test_another_reference_gives_the_same_ratios(data, together):
    other = script.crab(data, {"hess": "free", "magic": "free"}, reference="fact")
    ratio = np.asarray(other.table["flux"]) / np.asarray(together.table["flux"])
    (scale,) = together.scales["scale"][together.scales["instrument"] == "fact"]
    assert_allclose(ratio, scale, rtol=1e-9)
    tests = [each.variability(n_toys=0).ts_var.value for each in (other, together)]
    assert_allclose(tests[0], tests[1], rtol=1e-9)


def test_the_figure_is_there_and_says_so_where_the_data_are_not(monkeypatch, capsys):
    assert script.FIGURE.read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr(script, "data_folder", lambda: None)
    assert script.main() == 0
    assert "the data are not here" in capsys.readouterr().out
