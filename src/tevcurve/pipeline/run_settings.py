"""From options to the setting by which runs are reduced: of all, or of each instrument."""

import astropy.units as u

from tevcurve.errors import InputError
from tevcurve.lightcurve.fit_rows import positive
from tevcurve.maps import WcsGeom
from tevcurve.options import check_choice
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.exclusion import allowed_pixels
from tevcurve.reduction.off_places import check_n_off
from tevcurve.reduction.onoff_terms import OnOffSetting
from tevcurve.reduction.safe_energy import safe_energy_of
from tevcurve.reduction.settings import SettingRule

# Of a map in all its energies: some arrays of half a gigabyte each.
MAX_CELLS = 60_000_000


def settings_of(each, position, axes):
    """The `SettingRule` of the options of each instrument; of one that is called "" it is that of all.

    Parameters
    ----------
    each : dict of names to (dict of options, whether the radius of the ON region was asked for)
    position : `SkyCoord` of the source
    axes : `reco` and `true`, edges of the bins of energy
    """
    made = {}
    for name, (asked, radius_is_given) in each.items():
        try:
            is_cube = asked["method"] == "3d"
            made[name] = (
                cube_setting(position, axes, asked) if is_cube else on_off_setting(asked, radius_is_given)
            )
        except InputError as error:
            raise InputError(f"Of the instrument {name!r}: {error}" if name else str(error)) from error
    first = next(iter(made.values()))
    return SettingRule(first, {name: one for name, one in made.items() if name})


def cube_setting(position, axes, asked):
    """The `CubeSetting` of options, a dict of `tevcurve.options`.

    Parameters
    ----------
    position : `SkyCoord` of the source
    axes : `reco` and `true`, edges of the bins of energy
    asked : dict of options
    """
    width, binsz = asked["width"], asked["binsz"]
    geom = WcsGeom.create(skydir=position.icrs, binsz=binsz, width=width, coordsys="CEL", proj="TAN")
    _check_cells(geom, axes, width, binsz)
    check_choice("responses", asked["responses"])
    return CubeSetting(
        geom=geom,
        offset_max=_radian(asked["offset_max"], "offset_max"),
        safe_energy=safe_energy_of(asked["safe_energy"]),
        unbinned=bool(asked["unbinned"]),
        allowed=allowed_pixels(
            asked["exclusion"], geom, (float(position.icrs.ra.rad), float(position.icrs.dec.rad))
        ),
        responses=asked["responses"],
    )


def _check_cells(geom, axes, width, binsz):
    """Raises `InputError` for a map that would take gigabytes, before any of it is made."""
    pixels = geom.npix[0] * geom.npix[1]
    n_energies = max(len(axes.reco), len(axes.true)) - 1
    if pixels * n_energies > MAX_CELLS:
        raise InputError(
            f"A map of the width {width} with pixels of {binsz} has {pixels:.3g} pixels, with {n_energies} energies "
            f"{pixels * n_energies:.3g} cells; wanted are at most {MAX_CELLS:.0e}, so take larger pixels or a "
            "smaller width."
        )


def on_off_setting(asked, radius_is_given=False):
    """The `OnOffSetting` of options, a dict of `tevcurve.options`.

    Parameters
    ----------
    asked : dict of options
    radius_is_given : whether the radius was asked for, or is a default that a run's own may take the place of
    """
    for name in ("responses", "angular_size"):
        check_choice(name, asked[name])
    if asked["off_regions"] is not None:
        check_choice("off_regions", asked["off_regions"])
    check_n_off(asked["n_off"])
    return OnOffSetting(
        radius=_radian(asked["on_radius"], "on_radius"),
        safe_energy=safe_energy_of(asked["safe_energy"]),
        containment_correction=True,
        responses=asked["responses"],
        radius_is_given=radius_is_given,
        off_regions=asked["off_regions"],
        n_off=asked["n_off"],
        angular_size=asked["angular_size"],
    )


def _radian(angle, name):
    try:
        value = u.Quantity(angle).to_value(u.rad)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is {angle!r}; wanted is an angle such as '2 deg'.") from error
    return positive(value, name)
