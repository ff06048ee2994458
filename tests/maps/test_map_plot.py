"""Pictures of maps: the right numbers at the right place, with words that can be read."""

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from tevcurve.errors import InputError
from tevcurve.maps import MapAxis, WcsGeom, WcsNDMap

ENERGY = MapAxis.from_edges([1, 2, 4, 8] * u.TeV, name="energy", interp="log")
GEOM = WcsGeom.create(SkyCoord(83.63, 22.01, unit="deg"), binsz=0.1, npix=(12, 10), axes=[ENERGY])


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def cube():
    return WcsNDMap(GEOM, np.random.default_rng(2).normal(size=GEOM.data_shape), "cm-2 s-1")


def picture(axes):
    return np.ma.getdata(axes.images[0].get_array())


def test_the_sum_is_drawn_on_sky_coordinates_with_its_unit():
    sky_map = cube()
    axes = sky_map.plot()
    np.testing.assert_allclose(picture(axes), sky_map.data.sum(axis=0))
    assert axes.get_title() == "sum over energy 1–8 TeV"
    assert axes.wcs.pixel_to_world(3, 4).separation(GEOM.wcs.pixel_to_world(3, 4)) < 1e-9 * u.deg
    bar = next(other for other in axes.figure.axes if other is not axes)
    assert bar.get_ylabel() == "cm$^{-2}$ s$^{-1}$"
    assert axes.coords[0].get_axislabel() == "Right ascension (ICRS)"


def test_one_plane_is_drawn():
    sky_map = cube()
    axes = sky_map.plot(index=1, vmin=-1, cmap="gray")
    np.testing.assert_array_equal(picture(axes), sky_map.data[1])
    assert axes.get_title() == "energy 2–4 TeV"
    assert axes.images[0].get_clim()[0] == -1
    assert axes.images[0].get_cmap().name == "gray"
    for index in (3, (0, 0), -4):
        with pytest.raises(InputError, match="has no plane"):
            sky_map.plot(index=index)


def test_the_callers_axes_are_used():
    axes = plt.subplot(projection=GEOM.wcs)
    assert cube().plot(ax=axes) is axes
    with pytest.raises(InputError, match="axes with sky coordinates"):
        cube().plot(ax=plt.figure().add_subplot())


@pytest.mark.parametrize("npix", [(30, 30), (12, 30), (60, 10)])
@pytest.mark.parametrize("layout", ["constrained", None])
def test_the_colour_bar_is_as_long_as_the_image(npix, layout):
    geom = WcsGeom.create(SkyCoord(83.63, 22.01, unit="deg"), binsz=0.1, npix=npix)
    axes = plt.figure(figsize=(9, 4), layout=layout).add_subplot(projection=geom.wcs)
    WcsNDMap(geom).plot(ax=axes)
    axes.figure.canvas.draw()
    bar, image = axes.images[0].colorbar.ax.get_window_extent(), axes.get_window_extent()
    ends = (bar.x0, bar.x1, image.x0, image.x1) if npix == (60, 10) else (bar.y0, bar.y1, image.y0, image.y1)
    np.testing.assert_allclose(ends[:2], ends[2:], atol=1)
    assert not bar.overlaps(image)


def test_labels_on_the_whole_sky_do_not_overlap():
    axes = WcsNDMap(WcsGeom.create(binsz=5, coordsys="GAL", proj="AIT")).plot()
    axes.figure.canvas.draw()
    boxes = [text.get_window_extent(axes.figure.canvas.get_renderer()) for text in axes.texts]
    assert [text.get_text() for text in axes.texts] == [
        "0°",
        "60°",
        "120°",
        "240°",
        "300°",
        "-60°",
        "-30°",
        "30°",
        "60°",
    ]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])


@pytest.mark.parametrize(
    "geom",
    [
        GEOM.to_image(),
        WcsGeom.create((0, 0), binsz=0.5, npix=(60, 10), coordsys="GAL"),
        WcsGeom.create((30, 89), binsz=0.2, npix=30, proj="ZEA"),
    ],
)
def test_the_picture_lies_inside_the_figure(geom):
    axes = WcsNDMap(geom, unit="cm-2 s-1").plot()
    figure = axes.figure
    figure.canvas.draw()
    for part in figure.axes:
        box = part.get_tightbbox(figure.canvas.get_renderer())
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1


def test_pixels_off_the_sky_stay_blank():
    axes = WcsNDMap(WcsGeom.create(binsz=5, coordsys="GAL", proj="AIT")).plot()
    assert np.isnan(picture(axes)[0, 0])
    assert picture(axes)[18, 36] == 0


def test_booleans_are_drawn_as_numbers():
    mask = WcsNDMap(GEOM.to_image(), np.eye(10, 12, dtype=bool))
    np.testing.assert_array_equal(picture(mask.plot()), np.eye(10, 12))
