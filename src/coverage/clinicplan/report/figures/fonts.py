"""Choose fonts with Chinese glyphs and prove that no character becomes a box."""

from __future__ import annotations

import functools
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from clinicplan.errors import OutputError, Severity
from clinicplan.report.style import FONT_STACK
from clinicplan.words import fault

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BUNDLED_FAMILY: Final = "Noto Sans CJK SC"
"""Family of the font that comes with the package noto-cjk-sans-otc."""
LATIN_FAMILY: Final = "DejaVu Sans"
"""Comes with matplotlib; only for signs that no Chinese font has."""
HASH_SALT: Final = "clinicplan"
"""Makes the names inside an .svg the same in every run."""

Drawing = TypeVar("Drawing", bound=Callable[..., Any])


@functools.cache
def font_families(own: Path | None = None) -> tuple[str, ...]:
    """Return font families in order: the planner's own file, the system's, the bundled one, Latin signs last.

    Parameters
    ----------
    own
        A font file to prefer, for characters that the others lack.

    Returns
    -------
    families
        Names that matplotlib knows.

    Raises
    ------
    OutputError
        If `own` is no font, or no font with Chinese glyphs is to be had.
    """
    from matplotlib import font_manager

    families = [_added(own)] if own is not None else []
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    families += [name for name in FONT_STACK if name in known]
    if BUNDLED_FAMILY not in known and _add_bundled():
        families.append(BUNDLED_FAMILY)
    if not families:
        raise OutputError(fault(Severity.ERROR, "no_font", subject="figures"))
    return (*dict.fromkeys(families), LATIN_FAMILY)


def bold_weight() -> str:
    """Return `bold` where the first font that is set has such a face, else `normal`."""
    import matplotlib as mpl

    return _bold_weight(str(mpl.rcParams["font.family"][0]))


@functools.cache
def _bold_weight(family: str) -> str:
    from matplotlib import font_manager

    heavy = {"bold", "heavy", "black", "semibold", "demibold"}
    faces = [entry.weight for entry in font_manager.fontManager.ttflist if entry.name == family]
    is_bold = any(weight in heavy or (isinstance(weight, int) and weight >= 600) for weight in faces)
    return "bold" if is_bold else "normal"


def _added(path: Path) -> str:
    """Make a font file known to matplotlib and return its family."""
    from matplotlib import font_manager

    before = len(font_manager.fontManager.ttflist)
    try:
        font_manager.fontManager.addfont(path)
    except (OSError, RuntimeError) as error:
        raise OutputError(fault(Severity.ERROR, "bad_font", subject="figures", file=str(path))) from error
    return str(font_manager.fontManager.ttflist[before].name)


def _add_bundled() -> bool:
    """Make the font of the package noto-cjk-sans-otc known; say whether it is installed."""
    from importlib import util

    from matplotlib import font_manager

    found = util.find_spec("noto_cjk_sans_otc")
    places = list(found.submodule_search_locations or ()) if found else []
    files = [file for place in places for file in sorted(Path(place).glob("*.ttc"))]
    for file in files:
        font_manager.fontManager.addfont(file)
    return bool(files)


def figure_settings(own: Path | None = None) -> dict[str, Any]:
    """Return matplotlib's settings for all figures: fonts, embedding, fixed names, names never read as formulas."""
    return {
        "font.family": list(font_families(own)),
        "axes.unicode_minus": False,
        "text.parse_math": False,
        "text.hinting": "none",
        "svg.fonttype": "path",
        "svg.hashsalt": HASH_SALT,
        "pdf.fonttype": 42,
        "hatch.linewidth": 0.35,
        "path.simplify": False,
    }


@contextmanager
def house_style(own: Path | None = None) -> Iterator[None]:
    """Use the settings of all figures for a while."""
    import matplotlib as mpl

    settings: Any = figure_settings(own)
    with mpl.rc_context(settings):
        yield


def in_house_style(drawing: Drawing) -> Drawing:
    """Make a drawing function use the fonts and settings of all figures, whoever calls it."""

    @functools.wraps(drawing)
    def wrapped(*args: Any, **options: Any) -> Any:
        import matplotlib as mpl

        if mpl.rcParams["svg.hashsalt"] == HASH_SALT:
            return drawing(*args, **options)
        with house_style():
            return drawing(*args, **options)

    return wrapped  # type: ignore[return-value]


def missing_glyphs(figure: Figure) -> dict[str, str]:
    """Return every character that no font of its own text can draw, with that text; empty when all can be drawn."""
    from matplotlib.text import Text

    missing: dict[str, str] = {}
    for text in figure.findobj(Text):
        if not isinstance(text, Text) or not text.get_visible():
            continue
        for character in characters_without_glyph(text.get_text(), tuple(text.get_fontfamily())):
            missing.setdefault(character, text.get_text())
    return missing


def characters_without_glyph(text: str, families: Iterable[str]) -> list[str]:
    """Return the characters of a text that none of the families has; blanks and controls need no glyph."""
    known = [_characters(name) for name in families]
    return [
        character
        for character in dict.fromkeys(text)
        if unicodedata.category(character)[0] not in "CZ" and not any(ord(character) in have for have in known)
    ]


@functools.cache
def _characters(family: str) -> frozenset[int]:
    """Return the characters that a family can draw; none where it is not installed."""
    import matplotlib as mpl
    from matplotlib import font_manager

    settings: Any = mpl.rcParams
    names = settings[f"font.{family}"] if family in {"sans-serif", "serif", "monospace"} else [family]
    found: set[int] = set()
    for name in names:
        try:
            path = font_manager.findfont(name, fallback_to_default=False)
        except ValueError:
            continue
        found |= set(font_manager.get_font(path).get_charmap())
    return frozenset(found)


@contextmanager
def measured_in_peace() -> Iterator[None]:
    """Keep matplotlib quiet about missing glyphs while text is only measured; `no_boxes` looks before saving."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


@contextmanager
def no_boxes(figure: Figure) -> Iterator[None]:
    """Let a figure be saved only if every character has a glyph; name those that have none.

    Raises
    ------
    OutputError
        Before saving, by the fonts' own tables; and should matplotlib still miss a glyph while saving.
    """
    missing = missing_glyphs(figure)
    if missing:
        raise OutputError(_missing_fault(missing))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph .* missing")
        try:
            yield
        except UserWarning as warning:
            raise OutputError(_missing_fault({str(warning): ""})) from warning


def _missing_fault(missing: dict[str, str]) -> Any:
    shown = [f"{sign}（U+{ord(sign):04X}，{text}）" if len(sign) == 1 else sign for sign, text in missing.items()]
    return fault(
        Severity.ERROR, "missing_glyph", subject="figures", characters="、".join(shown[:10]), count=len(missing)
    )
