"""Photons of a source inside circles on the sky, and the counts of other sources in the regions of a run."""

import numpy as np

from tevcurve.errors import DataError
from tevcurve.irf.circle_shares import circle_shares
from tevcurve.kernels.sphere import angular_separation
from tevcurve.models.round_shapes import is_round
from tevcurve.problems import remark
from tevcurve.reduction.seen_source import seen_others, seen_source
from tevcurve.reduction.true_nodes import true_nodes

# Steps of distance for each angle that holds 30 % of a point's photons, and of a shape that is no round one.
PER_SCALE = 8
# Points on the radius of a round shape, at least.
POINTS = 8
# Of the counts of an extended source in ON, the part that is taken for background: what is said, and what leaves
# nothing to be measured.
WORTH_SAYING, MOST_TAKEN = 0.05, 0.9


def shares_in_circles(seen, energies_tev, lon, lat, radius):
    """Shares (n, n_circles) of a source's photons in circles, at true energies (n,) in TeV.

    Of an extended source each part counts by its own effective area.

    Parameters
    ----------
    seen : `SeenSource`
    energies_tev : float array (n,), TeV
    lon, lat : float arrays (n_circles,), centres of the circles, ICRS, radian
    radius : float, of the circles, radian
    """
    if seen.shape is None:
        return circle_shares(seen.psf, energies_tev, angular_separation(*seen.position, lon, lat), radius)
    scale = seen.point_psf.scale_rad
    if not is_round(seen.shape):
        return _of_points(seen, energies_tev, (lon, lat, radius), scale / 2, scale / PER_SCALE)[1]
    shares = circle_shares(seen.psf, energies_tev, angular_separation(*seen.position, lon, lat), radius)
    # By how much the areas change them, fewer points tell.
    spacing = min(0.5 * np.hypot(scale, radius), np.deg2rad(seen.shape.evaluation_radius.value) / POINTS)
    plain, by_area = _of_points(seen, energies_tev, (lon, lat, radius), spacing, scale / 2)
    return shares * np.divide(by_area, plain, out=np.ones_like(plain), where=plain > 0)


def _of_points(seen, energies_tev, circles, spacing, step):
    """(shares of points that stand for a source, the same weighted with their effective areas), (n, n_circles) each.

    Parameters
    ----------
    seen : `SeenSource`
    energies_tev : float array (n,), TeV
    circles : (lon, lat, radius), radian
    spacing : float, of the points, radian
    step : float, of the distances at which the share of a point is taken; between them it is a straight line, radian
    """
    at_lon, at_lat, weight = seen.shape.nodes(spacing)
    distances = angular_separation(at_lon[:, None], at_lat[:, None], *circles[:2])
    grid = np.arange(0, distances.max() + 2 * step, step)
    shares = circle_shares(seen.point_psf, energies_tev, grid, circles[2])
    below, part = np.divmod(distances / step, 1)
    below = below.astype(int)
    area = seen.aeff.effective_area_grid(energies_tev, angular_separation(*seen.pointing, at_lon, at_lat))
    found = []
    for own in (np.broadcast_to(weight, area.shape), weight * area):
        total = own.sum(axis=1)
        summed = [
            np.einsum("ep,epc,pc->ec", own, shares[:, at], share)
            for at, share in ((below, 1 - part), (below + 1, part))
        ]
        found.append(
            np.divide(sum(summed), total[:, None], out=np.zeros_like(summed[0]), where=total[:, None] > 0)
        )
    return found


def others_per_s(run, models, axes, responses, regions):
    """Counts of other sources in ON and in all OFF circles per second of live time and reco bin, float (2, n_reco).

    Parameters
    ----------
    run : `SourceRun` with its `others`
    models : sequence of `SkyModel`, in the order of these
    axes : `EnergyAxes`
    responses : "weighted" or "centre", as for the source
    regions : `RunRegions`
    """
    lon, lat = np.append(regions.on_lon, regions.off_lon), np.append(regions.on_lat, regions.off_lat)
    found = np.zeros((2, len(axes.reco) - 1))
    for model, seen in zip(models, seen_others(run, models), strict=True):
        nodes = true_nodes(axes.true, responses, model.spectral_model)
        area = nodes.each(seen.area)
        # The point spread function, which changes slowly with energy, is that of the mean energy of a bin.
        shares = shares_in_circles(seen, nodes.middles(area), lon, lat, regions.radius)
        area, dispersion = nodes.mean(
            area,
            nodes.each(
                lambda energies, seen=seen: seen.edisp.probabilities(energies, seen.offset, axes.reco)
            ),
        )
        counts = model.spectral_model.photon_flux(axes.true) * area
        in_regions = np.stack([shares[:, 0], shares[:, 1:].sum(axis=1)])
        found += np.einsum("gt,t,tr->gr", in_regions, counts, dispersion)
    return found


def part_in_on(run, source, spatial, regions, energies_tev):
    """Part (n,) of an extended source's photons in the ON circle at true energies (n,) in TeV.

    Less what of it the OFF circles take for background: the flux that goes with it is right as long as there is some
    other background, too. A remark is made where that is much, and `DataError` is raised where next to nothing is left.

    Parameters
    ----------
    run : `SourceRun`
    source : (lon, lat) of its centre, ICRS, radian
    spatial : `SpatialModel`
    regions : `RunRegions`
    energies_tev : float array (n,), TeV
    """
    seen = seen_source(run, source, spatial)
    lon, lat = np.append(regions.on_lon, regions.off_lon), np.append(regions.on_lat, regions.off_lat)
    shares = shares_in_circles(seen, energies_tev, lon, lat, regions.radius)
    taken = regions.alpha * shares[:, 1:].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.nanmedian(taken / shares[:, 0])
    if part > MOST_TAKEN:
        raise DataError(
            f"The source is as bright in the OFF regions of run {run.run_id} as in ON ({100 * part:.0f} % of it), so "
            "that its counts cannot be told from background; wanted is method='3d'."
        )
    if part > WORTH_SAYING:
        remark(
            f"The source reaches into the OFF regions of run {run.run_id}: {100 * part:.2g} % of its counts in ON are "
            "taken for background, which its flux allows for; method='3d' has all of them."
        )
    return np.maximum(shares[:, 0] - taken, 0.0)


def check_full_enclosure(run, what):
    """Raises `DataError` for responses that hold for a cut in angle, which say nothing of where photons are.

    Parameters
    ----------
    run : `SourceRun`
    what : str, for which that is wanted
    """
    if run.cut is not None:
        raise DataError(
            f"The responses of run {run.run_id} hold for a cut in angle (RAD_MAX) and do not tell where photons "
            f"outside of it are, which is wanted for {what}."
        )
