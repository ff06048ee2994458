"""Scripts and data inside one page: nothing is loaded, and only these scripts may run.

The figures need plotly's script, 4.8 MB. The page holds it deflated, as 2 MB of text, and the browser inflates it
(`DecompressionStream`, in all browsers since 2023): a page that goes by mail counts more than the tenth of a second
which that takes. Smaller builds of plotly.js are not part of its Python package.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any

from markupsafe import Markup


@lru_cache(maxsize=1)
def plotly_script() -> str:
    """plotly's own script, str, from its Python package."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


@lru_cache(maxsize=1)
def deflated_plotly() -> tuple[str, str]:
    """(base64 text of the deflated script, its licence notice)."""
    script = plotly_script()
    notice = script[script.index("/*") + 2 : script.index("*/")].replace("*", " ")
    lines = (" ".join(line.split()) for line in notice.splitlines())
    packed = base64.b64encode(zlib.compress(script.encode(), 9)).decode("ascii")
    return packed, ". ".join(line for line in lines if line).replace("--", "")


def own_file(name: str) -> str:
    """The text of a file of this package. name: of the file."""
    return resources.files("tevcurve.report").joinpath(name).read_text(encoding="utf-8")


def policy(scripts: Iterable[str]) -> str:
    """A Content-Security-Policy under which nothing is loaded, and no other scripts run than these.

    scripts: their texts, as they stand in the page.
    """
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def as_json(value: Any) -> Markup:
    """JSON that may stand in a script element: no `<`, `>`, `&` or line separators as such, and no NaN.

    value: of the types of JSON.
    """
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
