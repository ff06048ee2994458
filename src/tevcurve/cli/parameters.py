"""What a command takes on its line: options and arguments, as the signature of its function declares them.

The annotation of a parameter is `Annotated[kind, Option(...)]` or `Annotated[kind, Argument(...)]`, the kind one of
str, int, float, bool and Path, a list of these, or one of all these or None. typer has the same, but loads pydantic,
markdown and tracebacks for each word of the line, half of the time of `--help`; so click has its options from here.
"""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import click


class Option:
    """An option, as the annotation of a parameter declares it.

    Parameters
    ----------
    names : as they are typed ("--output", "-o", "--plot/--no-plot"); default: of the parameter's name
    help : what it is; without words no help tells it
    metavar : what stands for its value; default: of its kind
    section : heading in the help
    show_default : whether its default is told; or the words for that
    min : least number
    count : whether it is counted how often it is there
    instead : function that is called where it is given, in place of the command
    """

    takes: tuple[str, ...] = ()

    def __init__(
        self,
        *names: str,
        help: str = "",
        metavar: str | None = None,
        section: str = "Options",
        show_default: bool | str = True,
        min: float | None = None,
        count: bool = False,
        instead: Callable[[], None] | None = None,
    ) -> None:
        self.names, self.help, self.metavar, self.section = names, help, metavar, section
        self.show_default, self.min, self.count, self.instead = show_default, min, count, instead

    def parameter(self, name: str, kind: Any, default: Any) -> "OptionOfSection":
        """The option as click has it.

        Parameters
        ----------
        name : of the function's parameter
        kind : of its value
        default : value where it is not given
        """
        of_each, several = _kind(kind)
        option = f"--{name.replace('_', '-')}"
        if of_each is bool:
            names = self.names or (f"{option}/--no-{option[2:]}",)
            more: dict[str, Any] = {"is_flag": True}
        else:
            names = self.names or (option,)
            more = {"multiple": True} if several else {"count": True} if self.count else {}
        if not self.count:
            more["type"] = _type(of_each, self.min)
        return OptionOfSection(
            [name, *names],
            section=self.section,
            takes=self.takes,
            default=default,
            help=self.help,
            metavar=self.metavar,
            show_default=self.show_default,
            hidden=not self.help,
            is_eager=self.instead is not None,
            expose_value=self.instead is None,
            callback=_listed if several else None if self.instead is None else self._instead,
            **more,
        )

    def _instead(self, context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value and not context.resilient_parsing and self.instead is not None:
            self.instead()
            context.exit()


class OptionOfFile(Option):
    """An option that takes a file or folder.

    Parameters
    ----------
    names : as those of an `Option`
    takes : kinds of words that it takes, as those of an `Argument`; none where any word will do
    options : of `Option`
    """

    def __init__(self, *names: str, takes: tuple[str, ...], **options: Any) -> None:
        super().__init__(*names, **options)
        self.takes = takes


class Argument:
    """An argument, as the annotation of a parameter declares it.

    Parameters
    ----------
    help : what it is
    metavar : what stands for it
    takes : kinds of words that it takes, of `tevcurve.cli.kinds_of_words.KINDS`, the first as it is asked for; none
        where any word will do
    last : those that the last of several words is; none where it is as the others
    """

    def __init__(
        self, help: str, metavar: str, takes: tuple[str, ...] = (), last: tuple[str, ...] = ()
    ) -> None:
        self.help, self.metavar, self.takes, self.last = help, metavar, takes, last

    def parameter(self, name: str, kind: Any, default: Any) -> "ArgumentWithWords":
        """The argument as click has it, which has to be there unless it has a default.

        Parameters
        ----------
        name : of the function's parameter
        kind : of its value
        default : value where it is not given, or `inspect.Parameter.empty`
        """
        of_each, several = _kind(kind)
        required = default is inspect.Parameter.empty
        return ArgumentWithWords(
            [name],
            help=self.help,
            kinds=(self.takes, self.last),
            type=_type(of_each, None),
            required=required,
            default=None if required else default,
            metavar=self.metavar,
            nargs=-1 if several else 1,
            callback=_listed if several else None,
        )


class OptionOfSection(click.Option):
    """An option of click that stands under a heading of the help.

    Parameters
    ----------
    names : as click has them
    section : the heading
    takes : kinds of words that it takes; none where any word will do
    options : of `click.Option`
    """

    def __init__(self, names: Sequence[str], section: str, takes: tuple[str, ...], **options: Any) -> None:
        super().__init__(names, **options)
        self.section, self.takes = section, takes


class ArgumentWithWords(click.Argument):
    """An argument of click of which the help says what it is.

    Parameters
    ----------
    names : as click has them
    help : what it is
    kinds : kinds of words that it takes, and those of the last of several
    options : of `click.Argument`
    """

    def __init__(
        self, names: Sequence[str], help: str, kinds: tuple[tuple[str, ...], ...], **options: Any
    ) -> None:
        super().__init__(names, **options)
        self.words = help
        self.takes, self.last = kinds

    def make_metavar(self, *context: click.Context) -> str:
        """What stands for it, in brackets where it need not be there. context: of click, in some of its releases."""
        return self.metavar or "" if self.required else f"[{self.metavar}]"


def parameters_of(function: Callable[..., Any]) -> list[click.Parameter]:
    """The parameters of click of a function.

    function: each of whose parameters has an annotation with an `Option` or an `Argument`.
    """
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        kind, declared = get_args(parameter.annotation)
        found.append(declared.parameter(name, kind, parameter.default))
    return found


def _kind(annotation: Any) -> tuple[Any, bool]:
    """(Type of a value, whether there may be several) of an annotation."""
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    if get_origin(annotation) is list:
        return kinds[0], True
    return _kind(kinds[0]) if kinds else (annotation, False)


def _type(kind: Any, least: float | None) -> Any:
    if kind is Path:
        return click.Path(path_type=Path)
    if kind is bool:
        return click.BOOL
    if least is not None:
        among = click.IntRange(min=int(least)) if kind is int else click.FloatRange(min=least)
        # What is no number at all is not told of ranges.
        among.name = click.INT.name if kind is int else click.FLOAT.name
        return among
    return kind


def _listed(context: click.Context, parameter: click.Parameter, value: Any) -> list[Any] | None:
    """What was given several times, as a list, or None where it was not."""
    return list(value) or None
