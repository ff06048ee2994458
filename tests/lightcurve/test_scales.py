"""Scales of instruments, settled for all rows of a light curve: against light curves of each, and searches by force."""

from dataclasses import replace
from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from iminuit import Minuit
from numpy.testing import assert_allclose
from small_store import START, TARGET, run_file

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.errors import InputError
from tevcurve.kernels.onoff import wstat
from tevcurve.lightcurve.scale_words import not_told
from tevcurve.lightcurve.scales import settled_scales
from tevcurve.systematics import CrossCalibration, Scales, Systematic, Systematics

SPECTRUM = PowerLaw(index=2.3, amplitude="3e-11 cm-2 s-1 TeV-1")
OPTIONS = {"3d": {"width": "1.2 deg"}, "1d": {}}
NORTH, SOUTH = (83.63, 22.51), (83.63, 21.51)
# B observes with A for 1080 s of its first run and 900 s of its second; C never does.
RUNS = [
    ("A", 1, START, NORTH, 150),
    ("A", 2, START + 1800, SOUTH, 150),
    ("B", 1, START + 600, NORTH, 260),
    ("B", 2, START + 2580, SOUTH, 260),
    ("C", 1, START + 90000, NORTH, 150),
]


def a_run(name, obs_id, start, where, n):
    """A run whose source shines all the time."""
    made = run_file(obs_id, ord(name) + obs_id, start, where, n_source=n, telescope=name)
    order = np.random.default_rng(obs_id).permutation(len(made.events["RA"]))
    for column in ("RA", "DEC", "ENERGY"):
        made.events[column] = made.events[column][order]
    return made


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Observations of each instrument."""
    made = {}
    for name in "ABC":
        folder = tmp_path_factory.mktemp(name)
        own = [a_run(*run) for run in RUNS if run[0] == name]
        write_store(folder, own)
        made[name] = DataStore.from_dir(folder).get_observations()
    return made


def curve(observations, method, bins="run", edges=(1, 3, 10)):
    return light_curve(observations, TARGET, bins, edges * u.TeV, method, SPECTRUM, **OPTIONS[method])


def joined(stores, methods, sigma, reference="A", from_="overlap", edges=(1, 3, 10)):
    """What is asked of an origin whose instruments have methods of their own, such as {"A": "3d", "B": "1d"}."""
    origins = [curve(stores[name], method, edges=edges).origin for name, method in methods.items()]
    first = origins[0]
    calibration = CrossCalibration(reference=reference, sigma=sigma, from_=from_)
    return SimpleNamespace(
        systematics=Systematics(calibration=calibration),
        runs=[run for origin in origins for run in origin.runs],
        terms=[terms for origin in origins for terms in origin.terms],
        **{name: getattr(first, name) for name in ("spectrum", "axes", "bands", "options", "field")},
    )


MIXED = [{"A": "1d", "B": "1d"}, {"A": "3d", "B": "3d"}, {"A": "3d", "B": "1d"}, {"A": "1d", "B": "3d"}]


@pytest.mark.parametrize("methods", MIXED)
def test_one_cell_is_the_ratio_of_the_fluxes_of_each(stores, methods):
    """The first of the cells alone: each instrument has a flux there, by a light curve of its own."""
    first = {name: stores[name][:1] for name in methods}
    found = settled_scales(joined(first, methods, {"B": "free"}, edges=(1, 10)))
    bins = f"intervals {51910.000742870370370241 + (START + 600) / 86400:.12f} "
    bins += f"{51910.000742870370370241 + (START + 1680) / 86400:.12f}"
    norms = []
    for name, method in methods.items():
        options = OPTIONS[method] | ({"e_reco": [1, 10] * u.TeV} if method == "1d" else {})
        alone = light_curve(first[name], TARGET, bins, [1, 10] * u.TeV, method, SPECTRUM, **options)
        norms.append((alone.table["norm"][0], alone.table["norm_err"][0]))
        assert alone.table["livetime"][0] == pytest.approx(1080 * 0.9, abs=1e-3)
    (a, a_err), (b, b_err) = norms
    # In one bin of energy the migration is that of the bin as a whole.
    rtol = 1e-6 if set(methods.values()) == {"3d"} else 4e-3
    assert_allclose(np.exp(found.log_scale[0]), b / a, rtol=rtol)
    assert_allclose(found.covariance[0, 0] ** 0.5, np.hypot(a_err / a, b_err / b), rtol=max(rtol, 1e-4))
    assert found.n_cells == 1
    assert_allclose(found.overlap_s, 1080, atol=1e-5)


def piece_by_hand(terms, part):
    """(whether it is of B, n_on, n_off, alpha, signal at norm 1) of a run in 1D in intervals, s after the start."""
    begin, end = terms.intervals[0] - START
    part = [(max(low, begin), min(high, end)) for low, high in part if min(high, end) > max(low, begin)]
    seconds = sum(high - low for low, high in part)

    def counted(times, bins):
        times = (times - START)[terms.mask_safe[bins]]
        return sum(np.count_nonzero((times >= low) & (times < high)) for low, high in part)

    counts = counted(terms.on_times_s, terms.on_bin), counted(terms.off_times_s, terms.off_bin)
    flux = SPECTRUM.photon_flux(terms.true_edges_tev)
    signal = (flux @ terms.response)[terms.mask_safe].sum() * terms.deadc * seconds
    return terms.run_id.instrument == "B", *counts, terms.alpha[terms.mask_safe][0], signal


def by_force(cells, sigma):
    """ln(scale) of B and its error, by a search over it and the flux of each cell.

    cells: for each a list of what `piece_by_hand` gives.
    """

    def stat(parameters):
        log_scale, *fluxes = parameters
        total = (log_scale / sigma) ** 2
        for flux, pieces in zip(fluxes, cells, strict=True):
            for is_b, n_on, n_off, alpha, signal in pieces:
                total += wstat(n_on, n_off, alpha, flux * signal * np.exp(log_scale * is_b))
        return total

    search = Minuit(stat, np.ones(1 + len(cells)))
    search.errordef, search.strategy, search.tol = 1, 2, 1e-5
    search.migrad()
    search.hesse()
    return search.values[0], search.errors[0]


@pytest.mark.parametrize("sigma", ["free", 0.1])
def test_cells_of_counts_by_force(stores, sigma):
    """ON and OFF counts, cut by hand. The first common second is 600 and the last 3480: two cells of 1440 s."""
    origin = joined(stores, {"A": "1d", "B": "1d"}, {"B": sigma})
    found = settled_scales(origin)
    assert found.n_cells == 2
    assert_allclose(found.overlap_s, 1080 + 480 + 900, atol=1e-5)
    parts = [[(600, 1680), (1800, 2040)], [(2040, 2280), (2580, 3480)]]
    cells = [[piece_by_hand(terms, part) for terms in origin.terms] for part in parts]
    cells = [[piece for piece in cell if piece[-1] > 0] for cell in cells]
    assert [len(cell) for cell in cells] == [3, 3]
    log_scale, error = by_force(cells, np.inf if sigma == "free" else sigma)
    assert found.log_scale[0] == pytest.approx(log_scale, abs=1e-4)
    assert found.covariance[0, 0] ** 0.5 == pytest.approx(error, rel=1e-3)


def test_under_the_hypothesis_of_a_constant_source_all_good_time_has_one_flux(stores):
    methods, sigma = {"A": "1d", "B": "1d"}, {"B": "free"}
    origin = joined(stores, methods, sigma, from_="constant")
    found = settled_scales(origin)
    cell = [piece_by_hand(terms, [(-1e6, 1e6)]) for terms in origin.terms]
    log_scale, error = by_force([cell], np.inf)
    assert found.n_cells == 1
    assert found.log_scale[0] == pytest.approx(log_scale, abs=1e-4)
    assert found.covariance[0, 0] ** 0.5 == pytest.approx(error, rel=1e-3)


@pytest.mark.parametrize("from_", ["overlap", "constant"])
def test_another_reference_is_the_same_ratio(stores, from_):
    methods = {"A": "3d", "B": "1d"}
    one = settled_scales(joined(stores, methods, {"B": "free"}, from_=from_))
    other = settled_scales(joined(stores, methods, {"A": "free"}, reference="B", from_=from_))
    assert_allclose(other.log_scale, -one.log_scale, atol=1e-9)
    assert_allclose(other.covariance, one.covariance, rtol=1e-7)


def test_an_instrument_that_observed_alone_has_its_prior(stores):
    methods = dict.fromkeys("ABC", "1d")
    found = settled_scales(joined(stores, methods, {"B": "free", "C": 0.2}))
    without = settled_scales(joined(stores, {"A": "1d", "B": "1d"}, {"B": "free"}))
    assert_allclose(found.log_scale, [without.log_scale[0], 0], atol=1e-10)
    assert_allclose(found.covariance, np.diag([without.covariance[0, 0], 0.04]), atol=1e-10)
    assert_allclose(found.overlap_s, [2460, 0], atol=1e-5)


def test_free_scales_that_nothing_tells_are_refused(stores):
    methods = dict.fromkeys("ABC", "1d")
    words = r"C never observed at the same time as A.*A 0.933 h, B 0.9.*C 0.467 h.*C: \{sigma: 0.1\}.*from: constant"
    with pytest.raises(InputError, match=words):
        settled_scales(joined(stores, methods, {"B": 0.1, "C": "free"}))
    together = {"A": "free", "B": "free"}
    with pytest.raises(
        InputError, match="A and B never observed at the same time as C, nor as another instrument"
    ):
        settled_scales(joined(stores, methods, together, reference="C"))
    found = settled_scales(joined(stores, methods, together | {"B": 0.1}, reference="C"))
    # A is told by B, of which only the prior is known.
    assert found.covariance[1, 1] == pytest.approx(0.01, rel=1e-9)
    assert found.covariance[0, 0] > 0.01


def curve_of(stores, sigma, names="AB", **options):
    """A light curve of instruments in 1D, joined."""
    observations = [one for name in names for one in stores[name]]
    made = curve(observations, "1d", "night")
    calibration = CrossCalibration(reference="A", sigma=sigma, **options)
    origin = replace(made.origin, systematics=Systematics(calibration=calibration))
    return origin.resolved().light_curve()


def test_the_table_says_what_was_settled(stores):
    lc = curve_of(stores, {"B": "free", "C": 0.2}, "ABC")
    scales, table = lc.origin.systematics.scales, lc.scales
    assert table["instrument"].tolist() == ["B", "C"]
    assert_allclose(table["scale"], np.exp(scales.log_scale))
    assert_allclose(table["error"], np.sqrt(np.diag(scales.covariance)))
    assert table["prior"].tolist() == [np.inf, 0.2]
    assert np.isnan(table["pull"][0])
    assert table["pull"][1] == 0
    assert table["overlap"].unit == u.s
    assert (table.meta["reference"], table.meta["from"], table.meta["n_cells"]) == ("A", "overlap", 2)
    assert [words.split(" never")[0] for words in table.meta["not_told"]] == ["C"]
    assert lc.meta["reference_instrument"] == "A"
    assert "B 1." in lc.meta["cross_calibration"]
    assert "C 1 (ln 0 +- 0.2, prior 0.2, which is all that is known" in lc.meta["cross_calibration"]
    assert "A never" not in lc.meta["cross_calibration"]
    assert lc.meta["cross_calibration"].endswith("2 cells of simultaneous good time, of 1 to 10 TeV")
    assert lc.rebin(energy_edges=[2, 5] * u.TeV).meta["cross_calibration"] == lc.meta["cross_calibration"]
    lost = curve_of(stores, {"B": "free", "C": 0.2}, "AB")
    assert "; C has no run; from overlap" in lost.meta["cross_calibration"]


def test_a_constant_source_is_said_wherever_a_result_is_shown(stores):
    lc = curve_of(stores, {"B": "free", "C": "free"}, "ABC", from_="constant")
    assert "assumes that the source does not vary" in lc.meta["cross_calibration"]
    assert "assumes that the source does not vary" in str(lc)
    told = lc.scales.meta["not_told"]
    assert len(told) == 1
    assert told[0].startswith("C never observed at the same time")
    assert told[0].endswith("cannot be told from a change of the source.")


def test_scales_are_kept_by_rebin_and_made_anew_with_more_runs(stores, caplog):
    lc = curve_of(stores, {"B": "free"})
    scales = lc.origin.systematics.scales
    assert lc.rebin("20 min").origin.systematics.scales is scales
    assert lc.rebin(energy_edges=[1, 10] * u.TeV).origin.systematics.scales is scales
    more = list(curve(stores["C"], "1d").origin.runs)
    assert lc.origin.settled([]) is lc.origin
    unsettled = lc.origin.settled(more)
    assert unsettled.systematics.scales is None
    assert "The scales of instruments, B 1." in caplog.text
    assert_allclose(unsettled.resolved().systematics.scales.log_scale, scales.log_scale, atol=0)
    assert unsettled.resolved().systematics.is_settled_as(lc.origin.systematics)


def scales_with(covariance, overlap=(0.0, 900.0)):
    return Scales(("B", "C"), np.zeros(2), np.array(covariance), 1, np.array(overlap))


def told(scales, *effects, from_="overlap"):
    calibration = CrossCalibration(reference="A", sigma={"B": 0.7, "C": "free"}, from_=from_)
    return not_told(Systematics(effects=effects, calibration=calibration, scales=scales))


def test_what_cannot_be_told_is_said():
    narrow = [[0.01, 0], [0, 0.02]]
    assert [words[:7] for words in told(scales_with(narrow))] == ["B never"]
    assert told(scales_with(narrow, (900, 900))) == []
    wide = told(scales_with([[0.36, 0.347], [0.347, 0.36]], (900, 900)))
    assert [words[:22] for words in wide[:2]] == ["ln(scale) of B has an ", "ln(scale) of C has an "]
    nothing = told(scales_with([[0.49, 0], [0, 0.02]], (900, 900)))
    assert nothing[0] == "What was seen adds next to nothing to the prior of the scale of B, 0.7."
    assert "The scales of B and C have a correlation of 0.96" in wide[2]
    apart, energy, night, all_ = (
        Systematic(effect=effect, sigma=0.1, by=by, instruments=names)
        for effect, by, names in (
            ("flux_scale", "instrument", ("B",)),
            ("energy_scale", "instrument", ()),
            ("flux_scale", "night", ()),
            ("flux_scale", "all", ()),
        )
    )
    known = scales_with(narrow, (900, 900))
    assert "does to B what the scale" in told(known, apart)[0]
    assert "does to B, C what the scale" in told(known, energy)[0]
    assert "all but for the curvature of the spectrum" in told(known, energy)[0]
    assert told(known, night) == []
    assert "moves all fluxes alike" in told(known, all_)[0]
    assert len(not_told(Systematics(effects=(all_,)))) == 1


def test_a_reference_alone_has_no_scales(stores):
    for from_ in ("overlap", "constant"):
        lc = curve_of(stores, {"B": "free"}, "A", from_=from_)
        assert len(lc.scales) == 0
        assert lc.scales.meta["not_told"] == []
