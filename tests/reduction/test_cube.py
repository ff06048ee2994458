"""Maps of small stores whose responses have closed forms, against histograms, integrals and astropy."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import AltAz, EarthLocation, SkyCoord
from astropy.io import fits
from astropy.time import Time
from astropy.utils.iers import IERS_B, conf, earth_orientation_table
from dl3_files import BKG_RATE, ENERGY_EDGES, MJDREF, START, RunFile, write_store
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.data import DataStore, TimeReference
from tevcurve.errors import DataError, InputError
from tevcurve.maps import MapAxis, WcsGeom
from tevcurve.reduction import MapMaker, reduce_cube

RECO = MapAxis.from_edges([1, 2, 4, 8], unit="TeV", name="energy", interp="log")
TRUE = MapAxis.from_edges([0.5, 1, 2, 4, 8, 16], unit="TeV", name="energy", interp="log")
POINTING = (83.63, 22.51)
LIVETIME, ONTIME = 0.9 * 1680, 1680.0


def geometries(skydir=POINTING, binsz=0.2, npix=(24, 20), **more):
    return [
        WcsGeom.create(skydir=skydir, binsz=binsz, npix=npix, axes=[axis], **more) for axis in (RECO, TRUE)
    ]


def observe(folder, *runs, background=None, align="RADEC"):
    """Observations of runs written to a folder; background: rate (x deg, y deg) at 1 TeV in place of the file's."""
    store = DataStore.from_dir(write_store(folder, runs or (RunFile(),), compress=False))
    for run in runs or (RunFile(),):
        if background is not None:
            _write_background(folder / "data" / f"run_{run.obs_id:06d}.fits", background, align)
    return store.get_observations([run.obs_id for run in runs or (RunFile(),)])


def _write_background(path, background, align):
    with fits.open(path, mode="update") as hdus:
        row = hdus["BKG"].data[0]
        x = 0.5 * (row["DETX_LO"] + row["DETX_HI"])[:, None]
        y = 0.5 * (row["DETY_LO"] + row["DETY_HI"])[None, :]
        energy = np.sqrt(ENERGY_EDGES[1:] * ENERGY_EDGES[:-1])
        hdus["BKG"].data["BKG"][0] = energy[:, None, None] ** -2.7 * background(x, y)
        hdus["BKG"].header["FOVALIGN"] = align


def make_maps(observations, offset_max="2 deg", **geometry):
    geom, geom_true = geometries(**geometry)
    return MapMaker(geom, offset_max, geom_true=geom_true).run(observations)


def offsets(geom, pointing=POINTING):
    """Offset of the pixel centres, deg, from astropy alone."""
    y, x = np.indices(geom.data_shape[-2:])
    centers = geom.wcs.pixel_to_world(x, y)
    return centers.separation(SkyCoord(*pointing, unit="deg")).deg


def histogram(geom, ra, dec, energy):
    x, y = geom.wcs.world_to_pixel(SkyCoord(ra, dec, unit="deg"))
    bins = [geom.axes[0].edges.value, *(np.arange(n + 1) - 0.5 for n in geom.data_shape[-2:])]
    return np.histogramdd(np.column_stack([energy, y, x]), bins)[0]


def band_integrals():
    """Integral of E^-2.7 over the reco bins, TeV-1.7."""
    return np.diff(RECO.edges.value**-1.7) / -1.7


@pytest.mark.parametrize(
    "geometry",
    [{}, {"proj": "TAN"}, {"binsz": (0.1, 0.3), "npix": (60, 12)}, {"coordsys": "GAL", "proj": "TAN"}],
)
def test_counts_are_a_histogram_inside_the_largest_offset(tmp_path, geometry):
    geometry = {"skydir": SkyCoord(*POINTING, unit="deg"), **geometry}
    (observation,) = observe(tmp_path, RunFile(n_events=3000))
    counts = make_maps([observation], offset_max=1.1 * u.deg, **geometry)["counts"]
    events = observation.events
    expected = histogram(counts.geom, events.radec.ra.deg, events.radec.dec.deg, events.energy_tev)
    expected[:, offsets(counts.geom) >= 1.1] = 0
    assert expected.sum() > 200
    assert_array_equal(counts.data, expected)


def test_events_are_counted_half_open_in_time_and_energy_and_only_in_good_time(tmp_path):
    seconds = np.array([-1, 0, 99, 100, 150, 199, 200, 999, 1000, 1001.0])
    energies = np.array([1, 1, 2, 1, 1, 1, 7.9, 4, 1, 1.0])
    n = len(seconds)
    run = RunFile(
        events={
            "TIME": START + seconds,
            "RA": np.full(n, POINTING[0]),
            "DEC": np.full(n, POINTING[1]),
            "ENERGY": energies,
        },
        tstop=START + 1000,
        gti=((START, START + 100), (START + 200, START + 1000)),
    )
    (run_cube,) = make_maps(observe(tmp_path, run))["counts"].origin
    # Good time is [0, 100) and [200, 1000).
    assert (run_cube.time_s - START).tolist() == [0, 99, 200, 999]
    assert run_cube.counts().sum(axis=(1, 2)).tolist() == [1, 1, 2]
    # 0.999 and 8 TeV are outside [1, 8), 2 and 4 in the bins that they begin.
    energies = np.array([0.999, 1, 1.999, 2, 3.999, 4, 7.999, 8])
    events = {
        "TIME": START + np.arange(8.0),
        "RA": np.full(8, 83.63),
        "DEC": np.full(8, 22.51),
        "ENERGY": energies,
    }
    counts = make_maps(observe(tmp_path / "b", RunFile(events=events)))["counts"]
    assert counts.data.sum(axis=(1, 2)).tolist() == [2, 2, 2]


def test_events_on_the_edge_of_the_map_are_in_the_pixel_that_begins_there(tmp_path):
    # Declination is exact in plate carree: rows begin at 20.51 + 0.2 * i.
    dec = np.array([21.51 - 1e-4, 21.51 + 1e-4, 23.51 - 1e-4, 23.51 + 1e-4])
    events = {"TIME": START + np.arange(4.0), "RA": np.full(4, 83.63), "DEC": dec, "ENERGY": np.full(4, 1.5)}
    counts = make_maps(observe(tmp_path, RunFile(events=events)), npix=(11, 10))["counts"]
    assert counts.data[0].sum(axis=1).tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_exposure_is_area_times_live_time_inside_the_largest_offset(tmp_path):
    exposure = make_maps(observe(tmp_path), offset_max="1.1 deg")["exposure"]
    inside = offsets(exposure.geom) < 1.1
    assert 0 < inside.sum() < inside.size
    assert_allclose(exposure.quantity.to_value("m2 s")[:, inside], 1e5 * LIVETIME, rtol=1e-6)
    assert not exposure.data[:, ~inside].any()


@pytest.mark.parametrize("geometry", [{}, {"coordsys": "GAL", "proj": "TAN"}])
def test_background_is_an_integral_times_solid_angle_and_on_time(tmp_path, geometry):
    # In a real file the rate varies; here it is a power law in energy and an exponential over the field of view,
    # which the interpolation follows exactly. Field-of-view longitude falls with right ascension.
    geometry = {"skydir": SkyCoord(*POINTING, unit="deg"), **geometry}
    observations = observe(tmp_path, background=lambda x, y: BKG_RATE * np.exp(0.4 * x - 0.2 * y))
    background = make_maps(observations, offset_max="1.5 deg", **geometry)["background"]
    geom = background.geom
    row, column = np.indices(geom.data_shape[-2:])
    pointing = SkyCoord(*POINTING, unit="deg")
    there = geom.wcs.pixel_to_world(column, row).transform_to(pointing.skyoffset_frame())
    rate = BKG_RATE * 1e6 * np.exp(-0.4 * there.lon.wrap_at("180d").deg - 0.2 * there.lat.deg)
    expected = band_integrals()[:, None, None] * rate * geom.solid_angle().to_value("sr") * ONTIME
    expected[:, offsets(geom) >= 1.5] = 0
    assert_allclose(background.data, expected, rtol=1e-5)


def test_the_first_hess_release_has_its_longitude_the_other_way(tmp_path):
    header = {"CREATOR": "SASH FITS::EventListWriter", "HDUVERS": "0.2"}
    first = observe(tmp_path / "hess", RunFile(header=header), background=lambda x, y: np.exp(0.4 * x))
    later = observe(tmp_path / "gadf", background=lambda x, y: np.exp(-0.4 * x))
    backgrounds = [make_maps(each)["background"].data for each in (first, later)]
    assert_allclose(*backgrounds, rtol=1e-6)
    # Right ascension grows to the left, towards the first column.
    assert backgrounds[0][0, 10, 8] > 1.1 * backgrounds[0][0, 10, 15]


def test_no_other_sky_than_the_pixels_own_solid_angle(tmp_path):
    # The same sky in small and in large pixels has the same background, up to its curvature.
    observations = observe(tmp_path, background=lambda x, y: np.full(np.broadcast(x, y).shape, 1e-5))
    fine = make_maps(observations, binsz=0.1, npix=(20, 20))["background"].data.sum()
    coarse = make_maps(observations, binsz=0.5, npix=(4, 4))["background"].data.sum()
    assert fine == pytest.approx(coarse, rel=1e-9)


def test_a_largest_offset_is_exclusive(tmp_path):
    # One pixel at the pointing, one exactly 0.2 deg north of it: rounding decides nothing at 0.2 +- 1e-9.
    observations = observe(tmp_path)
    for offset_max, expected in ((0.2 - 1e-9, 1), (0.2 + 1e-9, 3)):
        maps = make_maps(observations, offset_max=offset_max, binsz=0.2, npix=(1, 3))
        assert np.count_nonzero(maps["background"].data[0]) == expected
    (run,) = maps["counts"].origin
    _, geom_true = geometries(npix=(1, 3))
    north = float(run.offset_of(*np.deg2rad(POINTING)) + np.max(offsets(geom_true)))
    exact = np.rad2deg(run.offset_of(*(angle[2, 0] for angle in geom_true.pixel_lonlat())))
    assert north == pytest.approx(0.2)
    reduced = reduce_cube(observations[0], geometries(npix=(1, 3))[0], TRUE.edges.value, exact * u.deg)
    assert not reduced.inside[2, 0]


def test_maps_of_two_runs_are_the_sums_and_remember_both(tmp_path):
    runs = (
        RunFile(obs_id=1, pointing=(83.63, 22.51)),
        RunFile(
            obs_id=2, pointing=(83.63, 21.51), seed=5, tstart=START + 5000, tstop=START + 6000, deadc=0.8
        ),
    )
    observations = observe(tmp_path, *runs)
    both = make_maps(observations)
    parts = [make_maps([observation]) for observation in observations]
    for name in ("counts", "exposure", "background"):
        assert_allclose(both[name].data, parts[0][name].data + parts[1][name].data, rtol=1e-14)
    assert [str(run.run_id) for run in both["counts"].origin] == ["1", "2"]
    assert both["counts"].origin[1].ontime_s == 1000
    assert both["counts"].origin[1].livetime_s == pytest.approx(800)


def test_a_part_of_a_run_has_its_share_of_everything(tmp_path):
    observations = observe(tmp_path, RunFile(n_events=1000))
    reference = TimeReference(*MJDREF)
    part = observations.select_time(reference.to_time(START + np.array([200.0, 620.0])))
    whole, cut = make_maps(observations), make_maps(part)
    events = observations[0].events
    chosen = (events.time_s >= START + 200) & (events.time_s < START + 620)
    expected = histogram(
        cut["counts"].geom,
        *(np.rad2deg(x[chosen]) for x in (events.lon, events.lat)),
        events.energy_tev[chosen],
    )
    expected[:, offsets(cut["counts"].geom) >= 2] = 0
    assert_array_equal(cut["counts"].data, expected)
    assert_allclose(cut["background"].data, 0.25 * whole["background"].data, rtol=1e-12)
    assert_allclose(cut["exposure"].data, 0.25 * whole["exposure"].data, rtol=1e-12)


@pytest.fixture
def without_network():
    with conf.set_temp("auto_download", False), earth_orientation_table.set(IERS_B.open()):
        yield


def rate_across(x, y):
    """A rate that depends much on the direction in the field of view."""
    return BKG_RATE * np.exp(0.5 * x + 0.2 * y)


@pytest.mark.usefixtures("without_network")
def test_a_background_of_the_horizon_turns_as_astropy_says(tmp_path):
    """Against the mean over 200 moments of the run, each with astropy's AltAz."""
    (observation,) = observe(tmp_path, background=rate_across, align="ALTAZ")
    background = make_maps([observation], offset_max="1.5 deg")["background"]
    geom = background.geom
    site = EarthLocation.from_geodetic(16.5 * u.deg, -23.27 * u.deg, 1835 * u.m)
    row, column = np.indices(geom.data_shape[-2:])
    sky, pointing = geom.wcs.pixel_to_world(column, row).icrs, SkyCoord(*POINTING, unit="deg")
    reference, total = TimeReference(*MJDREF), 0.0
    moments = START + ONTIME * (np.arange(200) + 0.5) / 200
    for moment in reference.to_time(moments):
        frame = AltAz(obstime=moment, location=site)
        there = sky.transform_to(frame).transform_to(pointing.transform_to(frame).skyoffset_frame())
        total = total + rate_across(-there.lon.wrap_at("180d").deg, there.lat.deg) / 200
    expected = band_integrals()[:, None, None] * total * 1e6 * geom.solid_angle().to_value("sr") * ONTIME
    inside = offsets(geom) < 1.5
    (run,) = background_runs(observation)
    assert len(run.background_rate) > 3
    assert_allclose(background.data[:, inside], expected[:, inside], rtol=1e-4)
    # It matters: the first slice alone is off by more than a hundred times that.
    assert np.max(np.abs(run.background_rate[0] * ONTIME / expected - 1)[:, inside]) > 0.01


def background_runs(observation):
    return make_maps([observation], offset_max="1.5 deg")["counts"].origin


def test_slices_follow_good_time(tmp_path):
    gti = ((START, START + 400), (START + 1500, START + 1680))
    run = RunFile(gti=gti)
    (observation,) = observe(tmp_path, run, background=rate_across, align="ALTAZ")
    (reduced,) = background_runs(observation)
    assert reduced.slice_ontimes().sum() == pytest.approx(580)
    expected = np.tensordot(reduced.slice_ontimes(), reduced.background_rate, axes=1)
    assert_allclose(reduced.background(), expected)
    middles = 0.5 * (reduced.slice_edges[1:] + reduced.slice_edges[:-1]) - START
    gap = (reduced.slice_edges[:-1] >= START + 400) & (reduced.slice_edges[1:] <= START + 1500)
    assert gap.any()
    assert_array_equal(reduced.slice_ontimes()[gap], 0)
    assert np.all(reduced.slice_ontimes()[(middles < 350)] > 0)


def test_what_does_not_turn_has_one_slice(tmp_path):
    for folder, run in (("a", RunFile()), ("b", RunFile(bkg="bkg_2d"))):
        ((reduced,), observation) = (lambda o: (background_runs(o), o))(observe(tmp_path / folder, run)[0])
        assert len(reduced.background_rate) == 1
        assert reduced.slice_edges.tolist() == [START, START + 1680]
        assert observation.bkg.fov_align == "RADEC"


def test_a_round_background_that_says_altaz_needs_no_slices(tmp_path):
    folder = write_store(tmp_path, [RunFile(bkg="bkg_2d")], compress=False)
    with fits.open(folder / "data" / "run_000001.fits", mode="update") as hdus:
        hdus["BKG"].header["FOVALIGN"] = "ALTAZ"
    observation = DataStore.from_dir(folder).obs(1)
    (reduced,) = background_runs(observation)
    assert observation.bkg.fov_align == "ALTAZ"
    assert len(reduced.background_rate) == 1


def test_no_good_time_is_no_counts_no_exposure_no_background(tmp_path):
    (observation,) = observe(tmp_path, RunFile(gti=()))
    maps = make_maps([observation])
    assert all(not maps[name].data.any() for name in ("counts", "exposure", "background"))


def test_a_single_observation_needs_no_list_and_offsets_no_unit(tmp_path):
    (observation,) = observe(tmp_path)
    geom, geom_true = geometries()
    maps = [
        MapMaker(geom, offset, geom_true=geom_true).run(which)["counts"].data
        for offset, which in ((1.1, observation), ("66 arcmin", [observation]), (1.1 * u.deg, (observation,)))
    ]
    assert_array_equal(maps[0], maps[1])
    assert_array_equal(maps[0], maps[2])


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("DRIFT", "the telescopes stood still while the sky drifted by"),
        ("SLEWING", "the telescopes were slewing"),
        ("SCAN", "the telescopes scanned the sky"),
        ("RASTER", "the telescopes stepped over a raster"),
    ],
)
def test_runs_that_do_not_track_are_refused_with_the_reason(tmp_path, mode, reason):
    with pytest.raises(
        DataError, match=f"run_000001.fits has OBS_MODE {mode}: {reason}; wanted is a run that"
    ):
        make_maps(observe(tmp_path, RunFile(obs_mode=mode)))


def test_a_run_without_any_event_is_refused_but_not_a_part_of_a_run(tmp_path):
    with pytest.raises(
        DataError, match=r"events of .*run_000001.fits has no events; wanted is the event list"
    ):
        make_maps(observe(tmp_path / "a", RunFile(n_events=0)))
    early = RunFile(events={name: np.array([value]) for name, value in one_event(START + 5).items()})
    part = observe(tmp_path / "b", early).select_time(
        Time(TimeReference(*MJDREF).to_time(START + np.array([10.0, 20.0])))
    )
    assert make_maps(part)["counts"].data.sum() == 0


def one_event(seconds):
    return {"TIME": seconds, "RA": 83.63, "DEC": 22.51, "ENERGY": 1.5}


@pytest.mark.parametrize("name", ["aeff", "bkg", "edisp", "psf"])
def test_a_response_that_is_missing_is_named(tmp_path, name):
    with pytest.raises(DataError, match=f"no HDU {name}; it has"):
        make_maps(observe(tmp_path / "a", RunFile(without_hdus=(name,))))
    with pytest.raises(DataError, match=f"OBS_ID 1 has no {name}; it has"):
        make_maps(observe(tmp_path / "b", RunFile(without_rows=(name,))))


def test_what_cannot_be_a_geometry_or_an_offset_gets_a_sentence(tmp_path):
    geom, geom_true = geometries()
    with pytest.raises(InputError, match=r"geom has the axes \[\]; wanted is one axis, of energy"):
        MapMaker(geom.to_image(), "2 deg")
    with pytest.raises(InputError, match="geom_true has the axes"):
        MapMaker(geom, "2 deg", geom_true=geom.to_image())
    with pytest.raises(InputError, match="geom_true has other pixels than geom"):
        MapMaker(geom, "2 deg", geom_true=geometries(binsz=0.3)[1])
    for offset in ("2 TeV", -1, 0, float("nan"), "far", [1, 2] * u.deg):
        with pytest.raises(InputError, match="wanted is an angle above 0, such as '2 deg'"):
            MapMaker(geom, offset, geom_true=geom_true)
    with pytest.raises(InputError, match="no observations to make maps of; wanted is one or more"):
        MapMaker(geom, "2 deg").run([])
