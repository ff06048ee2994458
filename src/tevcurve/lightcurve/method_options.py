"""Which method, and which other option, each option of a light curve is for; what is given in vain is refused."""

from dataclasses import dataclass

from tevcurve.errors import InputError


@dataclass(frozen=True)
class MethodOption:
    """An option that not every light curve uses.

    Attributes
    ----------
    name : str
    default : what it is where it is not given
    method : "3d" or "1d", the method that uses it; None for both
    partner : (name, value) of the option without which it does nothing, or None; a value of None stands for any
    nothing : value that asks for nothing and is never refused, or None
    """

    name: str
    default: object
    method: str | None = None
    partner: tuple | None = None
    nothing: object = None

    def is_given(self, given):
        """Whether it asks for something."""
        value = given.get(self.name)
        return value is not None and (self.nothing is None or value != self.nothing)


OPTIONS = (
    MethodOption("offset_max", "2 deg", "3d"),
    MethodOption("width", "2 deg", "3d"),
    MethodOption("binsz", "0.04 deg", "3d"),
    MethodOption("unbinned", False, "3d", nothing=False),
    MethodOption("on_radius", "0.11 deg", "1d"),
    MethodOption("background", "free", "1d", nothing="free"),
    MethodOption("shape_from", "run", "1d", partner=("background", "shape")),
    MethodOption("free_ts", 25.0, partner=("free", None)),
)


def settled(given, method=None):
    """Dict of the options in `given`, with their defaults in place of None.

    Parameters
    ----------
    given : dict of name to value, None for what was not given; of options of `OPTIONS`, and those they go with
    method : "3d", "1d", or None where that is not known yet

    Raises `InputError` for options that the method, or the other options, have no use for.
    """
    check_method(given, method)
    for option in OPTIONS:
        if option.partner is not None and option.is_given(given):
            _check_partner(option, given)
    defaults = {option.name: option.default for option in OPTIONS}
    return {name: defaults.get(name) if value is None else value for name, value in given.items()}


def used(given, method):
    """Dict of the options that a light curve of a method uses, with their defaults in place of None."""
    values = settled(given, method)
    own = [option for option in OPTIONS if option.method in (None, method) and _is_used(option, values)]
    return {option.name: values[option.name] for option in own}


def check_method(given, method):
    """Raises `InputError` for options that another method than this one uses."""
    vain = [option for option in OPTIONS if option.is_given(given)]
    vain = [option for option in vain if method is not None and option.method not in (None, method)]
    if vain:
        names = ", ".join(f"{option.name} ({given[option.name]!s})" for option in vain)
        other, one = vain[0].method, len(vain) == 1
        raise InputError(
            f"method='{method}' has no use for {names}; wanted is method='{other}', or a call without "
            f"{'it' if one else 'them'}."
        )


def _is_used(option, given):
    """Whether the option that one goes with is there."""
    if option.partner is None or option.partner[0] not in given:
        return True
    name, wanted = option.partner
    return bool(given[name]) if wanted is None else given[name] == wanted


def _check_partner(option, given):
    if _is_used(option, given):
        return
    name, wanted = option.partner
    partner = name if wanted is None else f"{name}={wanted!r}"
    raise InputError(
        f"{option.name} is {given[option.name]!r}, which goes with {partner} only; wanted are both or neither."
    )
