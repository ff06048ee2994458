"""The options of the commands that run a job: one for each key of the configuration."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from typing import Annotated, Any

from tevcurve.cli.parameters import Option as LineOption
from tevcurve.cli.parameters import OptionOfFile
from tevcurve.config.keys import KEYS
from tevcurve.errors import InputError
from tevcurve.options import Option
from tevcurve.renamed import ARGUMENTS, with_present_names
from tevcurve.yaml_nodes import plain_value, read_marked

NAMES = {"energy_edges": ["--energy", "--energy-edges"], "output": ["--output", "-o"]}
_SEVERAL = {"exclusion", "irfs"}
# What the words of an option may be, of those kinds that are known: a run of its own file has responses, too.
_TAKES = {
    "irfs": ("responses", "data"),
    "models": ("models", "configuration"),
    "positions": ("positions",),
    "runs": ("runs", "data"),
}


def job_options(
    without: Collection[str] = (), only: Collection[str] | None = None, **defaults: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that gives a command an option for each key of `Config`, and `--set`.

    The command takes them in `**options`, None where they are not given.

    Parameters
    ----------
    without : keys that have none
    only : the keys that have one, in place of all and of `--set`
    defaults : of the command, where they are not those of `Config`
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        # The version is of files only.
        added = [
            _option(key, defaults.get(key.name, key.given_default))
            for key in KEYS
            if (key.name != "version" and key.name not in without if only is None else key.name in only)
        ]
        help_text = "Any key of the configuration, as --set spectrum.index=2.3; may be given several times."
        several = inspect.Parameter(
            "set_",
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[list[str] | None, LineOption("--set", metavar="KEY=VALUE", help=help_text)],
        )

        added = [several, *added] if only is None else added
        added += [_older(name) for name, present in ARGUMENTS.items() if present in {p.name for p in added}]
        return _with_parameters(command, [*_plain_parameters(command), *added])

    return decorate


def options_of(declared: Iterable[Option]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that gives a command an option for each of some that are declared, in `**options`.

    declared: each an `Option`.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        plain = _plain_parameters(command)
        return _with_parameters(command, [*plain, *(_option(one, one.given_default) for one in declared)])

    return decorate


def _plain_parameters(command: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a function, but for its `**options`."""
    return [p for p in inspect.signature(command).parameters.values() if p.kind is not p.VAR_KEYWORD]


def _with_parameters(command: Callable[..., Any], parameters: list[inspect.Parameter]) -> Any:
    """The command with these parameters."""

    @wraps(command)
    def run(**given: Any) -> Any:
        return command(**with_older_options(given))

    made: Any = run
    made.__signature__ = inspect.signature(command).replace(parameters=parameters)
    made.__annotations__ = {p.name: p.annotation for p in parameters}
    return made


def with_older_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Dict of the options of a command, by name, those that were given by older names under their names of today.

    given: by name, None for what was not given.
    """
    of_today = {name: value for name, value in given.items() if name not in ARGUMENTS}
    older = {name: given[name] for name in ARGUMENTS if given.get(name) is not None}
    clash = {name: of_today[ARGUMENTS[name]] for name in older if of_today.get(ARGUMENTS[name]) is not None}
    return of_today | with_present_names(older | {ARGUMENTS[name]: value for name, value in clash.items()})


def changes_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Dict of key to value of the options that were given.

    Raises `InputError` for a `--set` without "=", and for a key with two values: of these one would be lost.

    options: of a command, by name.
    """
    changes: dict[str, Any] = {}
    for item in options.get("set_") or ():
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--set is {item!r}; wanted is KEY=VALUE, such as spectrum.index=2.3.")
        _check_one_value(key.strip(), changes, _value(value), "--set")
        changes[key.strip()] = _value(value)
    changes = with_present_names(changes)
    given = {name: value for name, value in options.items() if name != "set_" and value not in (None, [])}
    for name, value in given.items():
        _check_one_value(name, changes, _value(value) if isinstance(value, str) else value, "its option")
    return changes | {name: read_list(value) for name, value in given.items()}


def _check_one_value(key: str, changes: Mapping[str, Any], value: Any, by: str) -> None:
    if key in changes and changes[key] != value:
        raise InputError(
            f"{key} is {changes[key]} by --set and {value} by {by}; wanted is it once, with all that is meant."
        )


def read_list(value: Any) -> Any:
    """A list where a text is one as the configuration has them, such as "[23523, 23526]"; else what came.

    Of one that begins with a brace ("{magic: free}", "[{effect: background, ...}]") what YAML has it for.

    value: of an option.
    """
    if isinstance(value, str) and value.strip().replace(" ", "").startswith(("{", "[{")):
        return read_marked(f"value: {value}", "the command line").values["value"]
    if not isinstance(value, str) or not (value.strip().startswith("[") and value.strip().endswith("]")):
        return value
    parts = (part.strip().strip("'\"") for part in value.strip()[1:-1].split(","))
    return [plain_value(part) for part in parts if part]


def _value(text: str) -> Any:
    value = read_list(text.strip())
    return plain_value(value) if isinstance(value, str) else value


def _default(value: Any) -> str:
    """What a value is without the option, in words, or nothing where nothing would be said."""
    if isinstance(value, list):
        value = ",".join(value)
    return f" [default: {value}]" if isinstance(value, (str, float, int)) and value not in ("", False) else ""


def _option(key: Option, default: Any) -> inspect.Parameter:
    """The parameter of a command for a key of the configuration, an `Option`."""
    name = key.name
    description = f"{key.description}.{_default(default)}".replace("`", "")
    names = NAMES.get(name, [f"--{name.replace('_', '-')}"])
    kind: Any
    options: dict[str, Any] = {"help": description, "section": key.section, "show_default": False}
    if key.kind == "flag":
        kind, names = bool | None, [f"{names[0]}/--no-{names[0][2:]}"]
    elif key.kind == "whole number":
        kind, options = int | None, options | {"min": 1}
    elif name in _SEVERAL or key.kind == "names":
        kind, options = list[str] | None, options | {"metavar": "TEXT"}
    else:
        kind, options = str | None, options | {"metavar": "TEXT"}
    takes = _TAKES.get(name)
    line_option = OptionOfFile(*names, takes=takes, **options) if takes else LineOption(*names, **options)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind, line_option],
    )


def older_option(name: str) -> Any:
    """The option by an older name, which help does not show. name: as `tevcurve.renamed` has it."""
    return LineOption(f"--{name}")


def _older(name: str) -> inspect.Parameter:
    annotation = Annotated[str | None, older_option(name)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
