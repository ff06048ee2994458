"""Commands and families of commands as click has them, made of functions; the help of each is a page of ours."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from inspect import cleandoc
from typing import Any, NamedTuple

import click

from tevcurve.cli.help_page import help_page
from tevcurve.cli.parameters import parameters_of
from tevcurve.errors import InputError, TevcurveError
from tevcurve.on_demand import found_at

_NEGATIVE = re.compile(r"-\.?\d")
# What a word is that a command cannot use is looked for when it has failed.
_REFUSAL = "tevcurve.cli.kinds_of_words:refusal"


class Family(NamedTuple):
    """Commands below one name.

    Attributes
    ----------
    begin : function of the name by which it was called, before one of them; its docstring is the help
    commands : functions by the names of the commands
    """

    begin: Callable[[str], None]
    commands: Mapping[str, Callable[..., Any]]


class DrawnCommand(click.Command):
    """A command whose help is drawn, and whose options have one value each: of two one would be lost without a word.

    Attributes
    ----------
    panels : words of the commands that it has by their names, by headings
    """

    panels: Mapping[str, Mapping[str, str]] = {}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is left of the words of the line when the options are read.

        Parameters
        ----------
        ctx : of click
        args : words of the line

        Raises `InputError` for an option that takes one value and is given others, too.
        """
        try:
            # Reading takes words away from the list.
            _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        except click.NoSuchOption as error:
            negative = next((word for word in args if _NEGATIVE.match(word)), None)
            if negative is not None:
                raise InputError(
                    f"{negative} is taken as an option; wanted are quotes around what belongs together, as --position "
                    '"329.7 -30.2".'
                ) from error
            near = _meant(error.option_name, _names_of_options(self, ctx), "")
            ctx.fail(f"There is no option {error.option_name!r}" + (f"; {near}" if near else "."))
        times = Counter(each for each in order if isinstance(each, click.Option))
        for option, number in times.items():
            if number < 2 or option.multiple or option.count:
                continue
            values = _values_given(self, ctx, args, option)
            if len(set(values)) > 1:
                told = " and ".join(", ".join(values).rsplit(", ", 1))
                several = f"{number} times" if number > 2 else "twice"
                raise InputError(
                    f"{option.opts[0]} is given {several}, as {told}; wanted is it once, with all that is meant."
                )
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """What the command gives; of a failure with a word of another kind than is wanted, the sentence says that.

        ctx : of click
        """
        try:
            return super().invoke(ctx)
        except TevcurveError as error:
            told = "" if isinstance(self, click.Group) else found_at(_REFUSAL)(self, ctx)
            if told:
                raise InputError(told) from error
            raise

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """None; the page is written.

        Parameters
        ----------
        ctx : of click
        formatter : of click, into which it is written
        """
        formatter.write(help_page(ctx, self, self.panels))


class DrawnGroup(DrawnCommand, click.Group):
    """A group whose help is drawn, and shown where nothing is asked for.

    Parameters
    ----------
    panels : words of the commands by their names, by headings
    options : of `click.Group`
    """

    def __init__(self, panels: Mapping[str, Mapping[str, str]], **options: Any) -> None:
        super().__init__(no_args_is_help=False, **options)
        self.panels = panels

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What is left of the words of the line; without any it shows its help and ends.

        Parameters
        ----------
        ctx : of click
        args : words of the line
        """
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), color=ctx.color)
            # Nothing was asked for that could be done.
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands that are listed. ctx: of click."""
        return [name for named in self.panels.values() for name in named]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """(Name, command, words for it); of a name that is none, which one may be meant.

        Parameters
        ----------
        ctx : of click
        args : the name, and what comes after it
        """
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            known = self.list_commands(ctx)
            wanted = _meant(args[0], known, f"wanted is one of {', '.join(known)}.")
            ctx.fail(f"There is no command {args[0]!r}; {wanted}")
        return super().resolve_command(ctx, args)


def _values_given(
    command: click.Command, ctx: click.Context, args: list[str], option: click.Option
) -> list[str]:
    """The texts of all values of an option on a line, or its own names where it takes none."""
    # What comes later under the name of an option is taken in place of the option itself, which keeps the last value.
    parser = command.make_parser(ctx)
    if option.is_flag:
        for name in (*option.opts, *option.secondary_opts):
            parser.add_option(option, [name], option.name, "append_const", const=name)
    else:
        parser.add_option(option, option.opts, option.name, "append")
    return list(map(str, parser.parse_args(args=list(args))[0][option.name]))


def _meant(name: str, known: list[str], otherwise: str) -> str:
    """What `tevcurve.near_names.meant` says; who makes no mistake need not wait for it."""
    return str(found_at("tevcurve.near_names:meant")(name, known, otherwise))


def _names_of_options(command: click.Command, ctx: click.Context) -> list[str]:
    options = [each for each in command.get_params(ctx) if isinstance(each, click.Option) and not each.hidden]
    return [name for each in options for name in (*each.opts, *each.secondary_opts)]


def as_command(name: str, found: Callable[..., Any] | Family) -> click.Command:
    """The command of click of a function or a family.

    Parameters
    ----------
    name : of the command
    found : function with declared parameters, or a `Family`
    """
    if not isinstance(found, Family):
        return DrawnCommand(name, callback=found, params=parameters_of(found), help=words_of(found))
    begin = found.begin
    commands = {each: as_command(each, function) for each, function in found.commands.items()}
    words = {each: words_of(function).partition("\n")[0] for each, function in found.commands.items()}
    return DrawnGroup(
        {"Commands": words},
        name=name,
        commands=commands,
        callback=lambda: begin(click.get_current_context().info_name or name),
        help=words_of(begin),
    )


def words_of(function: Callable[..., Any]) -> str:
    """The help of a function's command. function: with a docstring."""
    return cleandoc(function.__doc__ or "")
