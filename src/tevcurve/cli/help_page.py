"""The help of a command: how it is called, what it does, and a panel for each heading of what it takes.

click's own page has no headings and panels. typer draws these, but imports rich's markdown and tracebacks for them.
"""

from collections.abc import Iterable, Mapping

import click

from tevcurve.cli.parameters import ArgumentWithWords, OptionOfSection

_NAMES = r"(?<![\w-])--?[a-zA-Z][\w-]*"


def help_page(
    context: click.Context, command: click.Command, commands: Mapping[str, Mapping[str, str]]
) -> str:
    """The page of a command, as wide as the terminal and in its colours.

    Parameters
    ----------
    context : in which it was asked for
    command : whose page it is
    commands : by headings, the words by names of the commands that it has
    """
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    words = click.wrap_text(command.help or "", console.width - 2, preserve_paragraphs=True)
    with console.capture() as page:
        for text in (Text.assemble(("Usage: ", "yellow"), usage), Text(words)):
            console.print()
            console.print(Padding(text, (0, 1)))
        console.print()
        for heading, rows in _panels(context, command, commands):
            console.print(_panel(heading, rows))
    return page.get()


def _panels(
    context: click.Context, command: click.Command, commands: Mapping[str, Mapping[str, str]]
) -> Iterable[tuple[str, list[tuple[str, str]]]]:
    """(Heading, rows of two texts) of each panel."""
    panels: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for parameter in command.get_params(context):
        if isinstance(parameter, ArgumentWithWords):
            required = "  [required]" if parameter.required else ""
            panels["Arguments"].append((parameter.metavar or "", parameter.words + required))
            continue
        record = parameter.get_help_record(context)
        if record is not None:
            section = parameter.section if isinstance(parameter, OptionOfSection) else "Options"
            panels.setdefault(section, []).append(record)
    yield from ((heading, rows) for heading, rows in panels.items() if rows)
    for heading, named in commands.items():
        yield heading, list(named.items())


def _panel(heading: str, rows: Iterable[tuple[str, str]]) -> object:
    from rich import box
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(ratio=None)
    table.add_column(ratio=1)
    for name, words in rows:
        shown = Text(name)
        if name.startswith("-"):
            shown.highlight_regex(_NAMES, "bold cyan")
        else:
            shown.stylize("bold cyan")
        table.add_row(shown, Text(words))
    return Panel(
        table, title=Text(heading), title_align="left", border_style="dim", box=box.ROUNDED, padding=(0, 1)
    )
