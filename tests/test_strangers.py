"""What a stranger adds in one file is found everywhere: by texts, stores, `append`, reports, commands and cautions.

Each toy stands here once, with what registers it; nothing else knows of it.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Column, Table
from small_store import SOURCE, TARGET, make_store, spectrum_datasets

from tevcurve import LightCurve, LightCurveEstimator, append_runs, light_curve
from tevcurve.bins.good_time import good_time
from tevcurve.bins.text import binning_from_text
from tevcurve.cli.main import main
from tevcurve.closure import closure
from tevcurve.data import DataStore, Observation
from tevcurve.data.write import write_store
from tevcurve.datasets.timeline import timeline_of
from tevcurve.errors import DataError, InputError
from tevcurve.fit.protocols import Expected
from tevcurve.fit.row_likelihood import RowLikelihood
from tevcurve.irf import EffectiveAreaTable2D
from tevcurve.irf.layout import RESPONSES, Layout, ValueColumn
from tevcurve.irf.table import Response
from tevcurve.kernels.onoff_profile import WstatLikelihood
from tevcurve.lightcurve.bins import BINNINGS, Binning, TimeBins
from tevcurve.lightcurve.columns import COLUMNS, LightCurveColumn
from tevcurve.lightcurve.file_formats import FORMATS, FileFormat
from tevcurve.lightcurve.fit_rows import fit_rows
from tevcurve.lightcurve.free_spectra import FreeSpectra
from tevcurve.lightcurve.hardness import hardness_table
from tevcurve.lightcurve.toys import draw_toys
from tevcurve.lightcurve.variability import bayesian_blocks
from tevcurve.models import Parameter, PowerLaw, SpectralModel
from tevcurve.options import option_of
from tevcurve.report import report_html
from tevcurve.spectra import SPECTRA
from tevcurve.statistics import STATISTICS
from tevcurve.store import Result, write_result


@dataclass(frozen=True)
class Shares(Binning):
    """Of each run n bins with the same number of events."""

    name = "shares"
    forms = ("shares 2",)
    looks_at_events = True

    n: int

    def lay(self, runs):
        good = good_time(runs)
        numbers, first, last = good.spans()
        cuts = [self._cuts(timeline_of(runs[number])) for number in numbers]
        start = np.concatenate([[low, *inner] for low, inner in zip(first, cuts, strict=True)])
        stop = np.concatenate([[*inner, high] for high, inner in zip(last, cuts, strict=True)])
        owner = np.repeat(numbers, self.n)
        return TimeBins.one_interval_each(
            good.instants(start, owner), good.instants(stop, owner), run=owner, kind=f"{self.n} equal shares"
        )

    def _cuts(self, line):
        times = np.sort(line.time_s)
        return times[[len(times) * part // self.n for part in range(1, self.n)]]

    def text(self):
        return f"{self.name} {self.n}"

    @classmethod
    def from_text(cls, given):
        return cls(int(given.number("the number of shares")))


def as_json(light_curve):
    """Bytes of a light curve as JSON: columns of numbers and texts, with their units, and the scale of times."""
    table = light_curve.table
    columns = {name: (table[name].tolist(), str(table[name].unit or "")) for name in table.colnames}
    return json.dumps({"columns": columns, "TIMESYS": table.meta["TIMESYS"]}).encode()


def of_json(data, path):
    """The table of such bytes."""
    tree = json.loads(data)
    columns = [Column(values, name, unit=unit or None) for name, (values, unit) in tree["columns"].items()]
    return Table(columns, meta={"TIMESYS": tree["TIMESYS"]})


JSON = FileFormat(
    "jsn", (".jsn",), "a light curve as JSON", loses="most metadata", encode=as_json, decode=of_json
)


def rate(columns):
    """Events per second of live time, or None where either is not known."""
    if not {"counts", "livetime"} <= set(columns):
        return None
    with np.errstate(invalid="ignore"):
        return np.asarray(columns["counts"], dtype=float) / np.asarray(columns["livetime"])


RATE = LightCurveColumn(
    "rate", "1 / s", ".3f", "Events in the fit per live time", "what a test registers", rate, place=7
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("data"))


@pytest.fixture
def shares():
    BINNINGS.register("shares", Shares)
    yield
    BINNINGS.unregister("shares")


@pytest.fixture
def json_files():
    FORMATS.register("jsn", JSON)
    yield
    FORMATS.unregister("jsn")


@pytest.fixture
def rates():
    COLUMNS.register("rate", RATE)
    yield
    COLUMNS.unregister("rate")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


HOW = {"energy_edges": [0.7, 10] * u.TeV, "method": "1d", "safe_energy": None}


def made(store, ids=(1, 2), **options):
    options = HOW | options
    return light_curve(store.get_observations(ids), TARGET, **options)


def test_a_binning_without_its_registration_is_refused_with_the_names(store):
    with pytest.raises(InputError, match=r"'shares 2'; wanted is .* phase, edges, intervals\."):
        made(store, time_bins="shares 2")
    lc = made(store, time_bins=Shares(2))
    assert len(lc) == 4
    with pytest.raises(InputError, match=r"time_bins is a Shares, which cannot be written .* registered"):
        write_result("result", lc)


def test_a_binning_is_found_by_its_text(store, shares):
    assert binning_from_text("shares 2") == Shares(2)
    assert binning_from_text(Shares(5).text()) == Shares(5)
    with pytest.raises(InputError, match="the number of shares is missing; wanted is shares 2"):
        binning_from_text("shares")
    with pytest.raises(InputError, match="did you mean 'shares'"):
        binning_from_text("share 2")
    lc = made(store, time_bins="shares 2")
    on = np.asarray(lc.table["n_on"]).reshape(-1, 2)
    assert np.all(np.abs(np.diff(on, axis=1)) <= 1)


def test_a_binning_is_stored_and_appended_to(store, shares):
    write_result("part", made(store, time_bins="shares 2"))
    assert Result.read("part").light_curve.origin.time_bins == Shares(2)
    appended = append_runs("part", store.get_observations([3]))
    whole = made(store, (1, 2, 3), time_bins="shares 2")
    for name in whole.table.colnames:
        np.testing.assert_array_equal(appended.light_curve.table[name], whole.table[name])
    assert len(Result.read("part").light_curve) == 6


@pytest.mark.parametrize("suffix", [".ecsv", ".fits", ".vot"])
def test_a_binning_that_looks_at_events_is_cautioned_against(store, shares, suffix):
    words = "the time bins were chosen on the events"
    lc = made(store, time_bins="shares 2")
    read = LightCurve.read(lc.write(f"lc{suffix}"))
    write_result("result", lc)
    for each in (lc, read, Result.read("result").light_curve):
        assert words in str(each.variability(n_toys=0))
    assert words not in str(made(store, time_bins="10 min").variability(n_toys=0))
    page = report_html(lc, n_toys=0)
    assert "2 equal shares" in page
    assert "were chosen on the events" in page


def test_a_binning_is_found_by_the_commands(store, shares, capsys):
    data = str(store.base_dir)
    line = ["light-curve", data, "--method", "1d", "--energy", "0.7TeV,10TeV"]
    assert main([*line, "--time-bins", "shares 2", "-o", "result"]) == 0
    assert "Time bins: 2 equal shares" in capsys.readouterr().out
    assert main(["rebin", "result", "--time-bins", "shares 3"]) == 0
    assert "Time bins: 3 equal shares" in capsys.readouterr().out
    assert main(["variability", "result", "--toys", "0"]) == 0
    assert "were chosen on the events" in " ".join(capsys.readouterr().out.split())
    assert main(["rebin", "result", "--time-bins", "halfs 3"]) == 2
    assert "edges, intervals, shares" in " ".join(capsys.readouterr().err.split())


def test_a_format_is_found_by_its_suffix_and_by_its_name(store, json_files):
    lc = made(store)
    with pytest.raises(InputError, match=r"should end in \.ecsv, .*, \.jsn"):
        lc.write("lc.xls")
    with pytest.raises(InputError, match=r"wanted is 'tevcurve' or 'gadf' or .* or 'jsn'"):
        lc.write("lc.jsn", format="yaml")
    with pytest.raises(InputError, match=r"in this layout: it should end in \.jsn"):
        lc.write("lc.fits", format="jsn")
    for said in (None, "jsn"):
        read = LightCurve.read(lc.write("lc.jsn", overwrite=True, format=said))
        assert read.table.colnames == lc.table.colnames
        assert read.table["flux"].unit == lc.table["flux"].unit
        np.testing.assert_array_equal(read.table["flux"], lc.table["flux"])
    (Path.cwd() / "broken.jsn").write_text("{")
    with pytest.raises(DataError, match="cannot be read as a light curve as JSON"):
        LightCurve.read("broken.jsn")


def test_a_format_is_found_by_the_commands(store, json_files, capsys):
    write_result("result", made(store))
    assert main(["export", "--formats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if line.startswith("jsn ")]
    assert line.endswith(" a light curve as JSON (.jsn); not read back: most metadata")
    assert main(["export", "result", "lc.jsn"]) == 0
    assert main(["export", "lc.jsn", "lc.vot"]) == 0
    one, other = (LightCurve.read(name).table["flux"] for name in ("lc.jsn", "lc.vot"))
    np.testing.assert_array_equal(one, other)
    assert main(["variability", "lc.jsn", "--toys", "0"]) == 0


def test_a_format_without_its_registration_is_refused(store):
    with pytest.raises(InputError, match=r"lc\.jsn is no name for a light-curve file"):
        made(store).write("lc.jsn")


def assert_rates(light_curve):
    column = light_curve.table["rate"]
    assert (str(column.unit), column.info.format, column.description) == ("1 / s", ".3f", RATE.words)
    np.testing.assert_array_equal(column, light_curve.table["counts"] / light_curve.table["livetime"])


def test_a_column_is_in_every_table(store, rates):
    lc = made(store, time_bins="10 min")
    assert_rates(lc)
    assert_rates(lc.rebin("5 min"))
    assert_rates(lc[2:4])
    assert_rates(2 * lc)
    for suffix in (".ecsv", ".fits", ".vot"):
        assert_rates(LightCurve.read(lc.write(f"lc{suffix}")))
    datasets = spectrum_datasets(store.get_observations([1, 2]))
    assert_rates(LightCurveEstimator(datasets, source=SOURCE).run(1 * u.TeV, 1 * u.TeV, 8 * u.TeV))


def test_a_column_is_stored_and_appended_to(store, rates):
    write_result("part", made(store))
    assert_rates(Result.read("part").light_curve)
    appended = append_runs("part", store.get_observations([3])).light_curve
    assert_rates(appended)
    np.testing.assert_array_equal(appended.table["rate"], made(store, (1, 2, 3)).table["rate"])


def test_a_column_that_came_later_makes_old_rows_anew(store):
    write_result("part", made(store))
    COLUMNS.register("rate", RATE)
    try:
        assert_rates(append_runs("part", store.get_observations([3])).light_curve)
    finally:
        COLUMNS.unregister("rate")
    assert "rate" in Result.read("part").light_curve.table.colnames


def test_a_column_is_shown_by_reports_and_commands(store, rates, capsys):
    lc = made(store)
    shown = f"{lc.table['rate'][0]:.3f}"
    assert "rate" in str(lc)
    assert shown in str(lc)
    page = report_html(lc, n_toys=0)
    assert "rate [s⁻¹]" in page
    assert f">{shown}<" in page
    line = ["light-curve", str(store.base_dir), "--method", "1d", "--energy", "0.7TeV,10TeV"]
    assert main([*line, "-o", "result"]) == 0
    printed = capsys.readouterr().out
    assert "rate" in printed
    assert shown in printed
    assert main(["export", "--columns", "list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    (line,) = (line for line in listed if line.startswith("rate "))
    assert line.endswith(" Events in the fit per live time [1 / s]; by what a test registers")
    assert "rate" in LightCurve.read("result/light_curve.fits").table.colnames


@dataclass(frozen=True, eq=False)
class TwoParts(Response):
    """An effective area in two columns, of events that were reconstructed in two ways, which add up."""

    layout = Layout(
        "aeff",
        "aeff_two_parts",
        "EFF_AREA",
        (("ENERG", "TeV", True), ("THETA", "rad", False)),
        (ValueColumn("AREA_A", "cm2"), ValueColumn("AREA_B", "cm2")),
    )

    @classmethod
    def _of_table(cls, table):
        return cls(table)

    @property
    def _sum(self):
        area = sum(self.table.columns.values())
        return EffectiveAreaTable2D(replace(self.table, columns={"EFFAREA": area}))

    @property
    def low_threshold(self):
        return self._sum.low_threshold

    @property
    def high_threshold(self):
        return self._sum.high_threshold

    def effective_area(self, energy_tev, offset_rad):
        return self._sum.effective_area(energy_tev, offset_rad)


class InTwoParts(Observation):
    """An observation whose effective area is in two columns."""

    @property
    def aeff(self):
        whole = self._run.response("aeff").table
        parts = {name: share * whole.values for name, share in (("AREA_A", 0.25), ("AREA_B", 0.75))}
        return TwoParts(replace(whole, columns=parts))


@pytest.fixture
def two_parts():
    RESPONSES.register("aeff_two_parts", TwoParts)
    yield
    RESPONSES.unregister("aeff_two_parts")


@pytest.fixture(scope="module")
def store_of_two_parts(store, tmp_path_factory):
    """The same runs, with the effective area in two columns."""
    observations = [InTwoParts(observation._run) for observation in store.get_observations()]
    return DataStore.from_dir(write_store(tmp_path_factory.mktemp("two parts"), observations))


def test_a_response_class_is_read_reduced_stored_and_appended(store, store_of_two_parts, two_parts, tmp_path):
    assert "aeff_two_parts" in [address.hdu_class for address in store_of_two_parts.obs(1).addresses]
    kept = tmp_path / "kept"
    for _ in range(2):
        light = light_curve(store_of_two_parts.get_observations([1]), TARGET, cache=kept, **HOW)
        assert light.table["flux"][0] == pytest.approx(made(store, (1,)).table["flux"][0], rel=1e-12)
    assert isinstance(light.origin.runs[0].aeff, TwoParts)
    result = Result.read(write_result(tmp_path / "result", light))
    assert isinstance(result.light_curve.origin.runs.read(0).aeff, TwoParts)
    again = append_runs(result, store_of_two_parts).light_curve
    np.testing.assert_array_equal(again.table["flux"], made(store_of_two_parts, (1, 2, 3)).table["flux"])
    assert main(["info", str(store_of_two_parts.base_dir)]) == 0


def test_a_response_class_without_its_registration_is_refused_with_the_names(store_of_two_parts):
    with pytest.raises(
        DataError, match="of the class aeff_two_parts, which is not supported; wanted is aeff_2d"
    ):
        made(store_of_two_parts, (1,))


class Gaussian(WstatLikelihood):
    """Excess counts with Gaussian errors, as light curves were made before there was a better way."""

    def evaluate(self, amplitudes, start=None, value=True):
        variance = np.maximum(self.n_on + self.alpha**2 * self.n_off, 1.0)
        off = amplitudes[self.cell_bin, 0] * self.signal - (self.n_on - self.alpha * self.n_off)
        stat, slope, curvature = (
            np.bincount(self.cell_bin, each / variance, self.n)
            for each in (off**2, 2 * off * self.signal, 2 * self.signal**2)
        )
        return (0.5 * stat, 0.5 * slope[:, None], 0.5 * curvature[:, None, None]), None


@pytest.fixture
def gaussian():
    STATISTICS.register("gaussian", Gaussian)
    yield
    STATISTICS.unregister("gaussian")


def test_a_statistic_is_fitted_stored_and_appended_to(store, gaussian, tmp_path):
    light = made(store, statistic="gaussian")
    terms = light.origin.terms[0]
    flux = PowerLaw(index=2.5).photon_flux(terms.true_edges_tev)
    signal = (flux @ terms.response) * terms.livetime_s
    variance = np.maximum(terms.n_on + terms.alpha**2 * terms.n_off, 1.0)
    excess = terms.n_on - terms.alpha * terms.n_off
    # The least squares of a straight line through 0 have a closed form.
    norm = np.sum(signal * excess / variance) / np.sum(signal**2 / variance)
    assert light.table["norm"][0] == pytest.approx(norm, rel=1e-9)
    assert light.table["norm_err"][0] == pytest.approx(np.sum(signal**2 / variance) ** -0.5, rel=1e-6)
    assert light.meta["statistic"] == "gaussian"
    assert abs(norm - made(store).table["norm"][0]) > 1e-3 * norm
    result = Result.read(write_result(tmp_path / "result", light))
    again = append_runs(result, store).light_curve
    np.testing.assert_array_equal(
        again.table["flux"], made(store, (1, 2, 3), statistic="gaussian").table["flux"]
    )
    np.testing.assert_array_equal(again.rebin("night").table["flux"], again.rebin("night").table["flux"])


def test_a_statistic_is_found_by_estimator_commands_and_report(store, gaussian, capsys):
    datasets = spectrum_datasets(store.get_observations([1]))
    fits = [
        LightCurveEstimator(datasets, SOURCE, statistic=name).run("1 TeV", "0.7 TeV", "10 TeV")
        for name in ("gaussian", "wstat")
    ]
    assert fits[0].table["flux"][0] != fits[1].table["flux"][0]
    line = f"light-curve {store.base_dir} --target Crab --method 1d --statistic gaussian -o result --energy 1TeV,9TeV"
    assert main(line.split()) == 0
    assert "gaussian" in report_html(Result.read("result"), n_toys=10)
    assert "statistic: gaussian" in Path("result/config.yaml").read_text()


def test_a_statistic_that_is_none_or_in_vain_is_refused(store, gaussian):
    with pytest.raises(InputError, match="There is no statistic 'cauchy'; wanted is one of wstat, gaussian"):
        made(store, statistic="cauchy")
    with pytest.raises(InputError, match="method='3d' has no use for statistic"):
        made(store, method="3d", statistic="gaussian")
    with pytest.raises(InputError, match="is for free backgrounds and a fixed shape, and background_error"):
        made(store, statistic="gaussian", background_error=0.1)


class Core(RowLikelihood):
    """Rows that can be fitted, and nothing else."""


class Telling(Core):
    """Rows that say what they expect, too: of the source only."""

    def measured(self):
        return {"counts": self.spread(self.profile.counts)}

    def expected(self, norm):
        nothing = np.zeros(len(norm))
        return Expected(norm * self.profile.total, np.arange(len(norm)), nothing, nothing)


@dataclass(frozen=True)
class CoreOrigin:
    """The origin of a light curve whose rows are of a kind that the package does not know."""

    kept: object
    kind: type

    def rows(self, below_zero=True):
        joint, time_bins = self.kept.rows(below_zero)
        return self.kind(
            joint.profile, joint.fitted, joint.runs, joint.cut, joint.reaches, joint.setting
        ), time_bins

    def hardness(self, light_curve, low, high, **levels):
        return hardness_table(light_curve, self, (low, high), **levels)

    def __getattr__(self, name):
        return getattr(self.kept, name)


def test_what_a_likelihood_cannot_do_is_refused_in_a_sentence(store):
    lc = made(store)
    lc = replace(lc, origin=CoreOrigin(lc.origin, Core))
    rows, options = lc.origin.rows()[0], lc.origin.options
    with pytest.raises(
        InputError, match="A light curve needs rows that can say what they expect, which those"
    ):
        fit_rows(rows, options)
    with pytest.raises(
        InputError, match=r"be drawn as toys, which those of a Core cannot; wanted are rows of"
    ):
        draw_toys(lc, 1.0, 2)
    with pytest.raises(InputError, match="blocks of events needs rows that can say when their events came"):
        bayesian_blocks(lc, events=True)
    with pytest.raises(InputError, match="free needs rows that can be asked for another spectrum, which"):
        FreeSpectra(rows, lc.origin.spectrum, nodes=None)._reshaped(rows.fitted)
    with pytest.raises(
        InputError, match="Closure needs rows that can be drawn as toys, which those of a Core cannot"
    ):
        closure(lc, n=2)
    telling, _ = CoreOrigin(lc.origin.kept, Telling).rows(below_zero=False)
    exact = replace(options, interval="feldman-cousins")
    with pytest.raises(InputError, match="interval='feldman-cousins' needs rows that can be drawn as toys"):
        fit_rows(telling, exact)


def test_what_a_likelihood_can_do_is_not_refused(store):
    edges = [1, 3, 10] * u.TeV
    lc = light_curve(store.get_observations(), TARGET, "10 min", edges, "1d", negative=True)
    core = replace(lc, origin=CoreOrigin(lc.origin, Core))
    np.testing.assert_array_equal(core.hardness(0, 1)["hardness"], lc.hardness(0, 1)["hardness"])
    # From columns where there are no toys.
    assert "from the columns of the table" in str(core.variability(band=0, n_toys=0))
    telling, _ = CoreOrigin(lc.origin, Telling).rows()
    columns, _, _ = fit_rows(telling, lc.origin.options)
    np.testing.assert_array_equal(columns["norm"], lc.table["norm"])
    np.testing.assert_array_equal(columns["npred"], columns["npred_excess"])


class Hump(SpectralModel):
    """A flux that is highest at an energy."""

    default_parameters = (Parameter("amplitude", "1e-12 cm-2 s-1 TeV-1"), Parameter("peak", "1 TeV"))

    @staticmethod
    def evaluate(energy, amplitude, peak):
        return amplitude * np.exp(-(np.log(energy / peak) ** 2))


@pytest.fixture
def humps():
    SPECTRA.register("hump", Hump)
    yield
    SPECTRA.unregister("hump")


def test_a_shape_of_spectra_is_found_by_texts_stores_and_commands(store, humps, tmp_path):
    lc = made(store, (1,), spectrum=Hump(peak="2 TeV"))
    line = ["light-curve", str(store.base_dir), "--target", "Crab", "--runs", "1", "--method", "1d"]
    line += ["--energy", "0.7TeV,10TeV", "--set", "safe_energy=null"]
    assert main([*line, "--spectrum", "hump peak=2TeV", "--output", str(tmp_path / "result")]) == 0
    read = Result.read(tmp_path / "result").light_curve
    np.testing.assert_array_equal(read.rebin("run").table["flux"], lc.table["flux"])
    assert "model: hump" in (tmp_path / "result" / "config.yaml").read_text()
    assert main([*line, "--spectrum", "hump * PowerLawNorm tilt=1", "--cache", "none"]) == 0
    # The help of commands is made of this.
    assert "hump" in option_of("spectrum").description


def test_without_registrations_nothing_of_them_is_there(store):
    lc = made(store)
    assert "rate" not in lc.table.colnames
    assert "rate" not in str(lc)


@dataclass(frozen=True)
class Twice(Binning):
    """Each run, and each run again: it does not even say that these overlap."""

    looks_at_events = False

    def lay(self, runs):
        good = good_time(runs)
        numbers, first, last = (np.tile(values, 2) for values in good.spans())
        return TimeBins.one_interval_each(
            good.instants(first, numbers), good.instants(last, numbers), run=numbers
        ).in_order_of_time()


def test_rows_that_share_time_are_no_independent_ones(store):
    lc = made(store, time_bins=Twice())
    assert len(lc) == 4
    for each in (lc, LightCurve.read(lc.write("lc.ecsv"))):
        with pytest.raises(InputError, match="The time bins of the light curve overlap"):
            each.variability(n_toys=0)
    assert "The time bins overlap" in report_html(lc, n_toys=0)


PACKAGE = """
from dataclasses import dataclass, replace
from tevcurve.lightcurve.bins import Binning, by_run
from tevcurve.lightcurve.columns import LightCurveColumn
from tevcurve.lightcurve.file_formats import FileFormat

@dataclass(frozen=True)
class Each(Binning):
    name, forms, looks_at_events = "each", ("each",), False

    def lay(self, runs):
        return by_run().lay(runs)

    @classmethod
    def from_text(cls, given):
        return cls()

ONES = LightCurveColumn("ones", "", ".0f", "One", fill=lambda columns: 0 * columns["counts"] + 1)
LINES = FileFormat("lines", (".lines",), "lines", encode=lambda lc: b"%d" % len(lc))
"""
POINTS = """
[tevcurve.binnings]
each = strange_package:Each
[tevcurve.columns]
ones = strange_package:ONES
[tevcurve.file_formats]
lines = strange_package:LINES
"""


def test_what_a_package_adds_is_there_in_every_process(store, tmp_path):
    folder = tmp_path / "site"
    info = folder / "strange_package-1.dist-info"
    info.mkdir(parents=True)
    (folder / "strange_package.py").write_text(PACKAGE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strange-package\nVersion: 1\n")
    (info / "entry_points.txt").write_text(POINTS)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    line = ["light-curve", str(store.base_dir), "--method", "1d", "--energy", "0.7TeV,10TeV"]
    for arguments in ([*line, "--time-bins", "each", "-o", "result"], ["export", "result", "lc.lines"]):
        subprocess.run(
            [sys.executable, "-m", "tevcurve", *arguments], check=True, env=environment, timeout=120
        )
    assert Path("lc.lines").read_bytes() == b"3"
    assert "binning:each" in Path("result/job.json").read_text()
    assert np.all(LightCurve.read("result/light_curve.ecsv").table["ones"] == 1)
