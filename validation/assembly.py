"""docs/validation.md from the numbers that are kept: nothing is drawn."""

from validation.parts import Kept, is_of, plan
from validation.report import table, verdict
from validation.subjects import fingerprint


def state_of(name, part, folder):
    """(share of the pieces in full that are kept, share of all draws, whether they hold for today's code) of a part.

    None where nothing is kept.
    """
    kept = Kept.read(folder, name)
    if not kept.pieces:
        return None
    today = fingerprint(part)
    done = len(kept.of(plan(part, kept.share))) / len(plan(part, kept.share))
    return done, kept.share, all(is_of(each, today) for each in kept.pieces)


def words_of(state):
    """What a state is, str; empty where a part is complete and of today's code."""
    if state is None:
        return "not run"
    done, share, today = state
    words = [] if share >= 1 else [f"{100 * share:g} % of the draws"]
    words += [] if done >= 1 else [f"{100 * done:.0f} % of its pieces"]
    return ", ".join(words + ([] if today else ["made before its code changed"]))


def write_report(parts, folder, docs):
    """Write validation.md and the figures from the parts that are kept; the `Section` of each, by name."""
    import matplotlib.pyplot as plt

    kept = {name: Kept.read(folder, name) for name in parts}
    found = {name: each.found for name, each in kept.items() if each.pieces}
    sections = {}
    for name, numbers in found.items():
        beside = [found.get(other) for other in parts[name].beside]
        sections[name] = parts[name].section(numbers, *beside)
    (docs / "figures").mkdir(parents=True, exist_ok=True)
    for section in sections.values():
        for file, fig in section.figures.items():
            fig.savefig(docs / "figures" / file, dpi=110)
            plt.close(fig)
    checks = {name: checked_again(name, part, folder) for name, part in parts.items()}
    states = {name: words_of(state_of(name, part, folder)) for name, part in parts.items()}
    (docs / "validation.md").write_text(report(sections, states, checks), encoding="utf-8")
    return sections


def checked_again(name, part, folder):
    """(pieces that were drawn again, of how many) of a part that holds because these gave the same numbers, or None."""
    kept, today = Kept.read(folder, name), fingerprint(part)
    marked = [each for each in kept.pieces if each["code"] != today and is_of(each, today)]
    return (marked[0]["drawn_again"], len(kept.pieces)) if marked else None


def report(sections, states, checks=None):
    """The report's text.

    sections : dict of name to `Section`; states : dict of name to `words_of` its state; checks : dict of name to what
    `checked_again` says, or None
    """
    failures = [failure for section in sections.values() for failure in section.failures]
    missing = [name for name in states if name not in sections]
    lesser = [f"{name} ({words})" for name, words in states.items() if words and name in sections]
    lines = [
        "# Validation",
        "",
        "Light curves of sources whose truth is known. Every number is from `python -m validation`, which keeps "
        "them in `validation/results`; each part says how many draws it has. The bars are those that the project has "
        "set itself before. Errors behind ± are one standard deviation of the Monte-Carlo draws.",
        "",
        "What misses its bar: "
        + ("; ".join(failures) + "." if failures else "nothing in the parts that follow."),
    ]
    if missing:
        lines += ["", f"Not run for this report: {', '.join(missing)}."]
    if lesser:
        lines += ["", f"Not run in full with the code of today: {', '.join(lesser)}."]
    drawn = [f"{name} ({each[0]} of {each[1]})" for name, each in (checks or {}).items() if each]
    if drawn:
        lines += [
            "",
            "Made with code of before, which gives the same numbers to six digits as that of today where pieces were "
            f"drawn again: {', '.join(drawn)}.",
        ]
    bars = [
        (wanted, found, verdict(good))
        for section in sections.values()
        for wanted, found, good in section.bars
    ]
    if bars:
        lines += ["", table(("wanted", "found", "bar"), bars)]
    for section in sections.values():
        lines += ["", f"## {section.title}", "", section.text]
    return "\n".join(lines) + "\n"
