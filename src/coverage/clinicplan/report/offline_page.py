"""Write a Folium map as one page that needs no network.

Folium links to scripts on foreign hosts and leaves the page blank where they cannot be reached. Here every link is
replaced by the script itself, taken from packages installed beside clinicplan; a link without a known file is refused.
The page also tells the browser to load nothing from outside.
"""

from __future__ import annotations

import base64
import contextlib
import re
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clinicplan.errors import OutputError, Severity
from clinicplan.words import fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import folium
    from branca.element import Element

    from clinicplan.errors import Language

ASSETS: Final[dict[str, tuple[str, str]]] = {
    "leaflet.js": ("xstatic.pkg.leaflet", "leaflet.js"),
    "leaflet.css": ("xstatic.pkg.leaflet", "leaflet.css"),
    "jquery-3.7.1.min.js": ("xstatic.pkg.jquery", "jquery.min.js"),
    "jquery.min.js": ("xstatic.pkg.jquery", "jquery.min.js"),
    "leaflet.markercluster.js": ("xstatic.pkg.leaflet_markercluster", "leaflet.markercluster.js"),
    "MarkerCluster.css": ("xstatic.pkg.leaflet_markercluster", "MarkerCluster.css"),
    "MarkerCluster.Default.css": ("xstatic.pkg.leaflet_markercluster", "MarkerCluster.Default.css"),
}
"""Last part of a link, and the package and file that stand for it."""

OWN_SCRIPTS: Final = ("symbols.js", "layers.js", "cards.js", "search.js", "panels.js")
OWN_STYLES: Final = ("page.css",)

_MEDIA_TYPES: Final = {".png": "image/png", ".gif": "image/gif", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_LANGUAGE_TAGS: Final[dict[Language, str]] = {"zh": "zh-CN", "en": "en"}


def trim_links(web_map: folium.Map) -> None:
    """Drop the scripts that Folium links to by habit and this page does not use (Bootstrap, icon fonts)."""
    web_map.default_js = [link for link in web_map.default_js if link[0] in ("leaflet", "jquery")]
    web_map.default_css = [link for link in web_map.default_css if link[0] == "leaflet_css"]


def render_page(web_map: folium.Map, *, title: str = "", lang: Language = "zh", image_hosts: Sequence[str] = ()) -> str:
    """Write a map as one page with everything inside it.

    The same map gives the same text: the random ids that Folium draws are replaced by numbers in order.

    Parameters
    ----------
    web_map
        Any Folium map whose links are in `ASSETS`; see `trim_links`.
    title
        Title of the window, already escaped.
    lang
        Language of the page.
    image_hosts
        Origins such as `https://*.tianditu.gov.cn` from which map tiles may come; none by default.

    Returns
    -------
    html
        The whole page.

    Raises
    ------
    OutputError
        If a link has no known file, or an installed file is missing.

    Examples
    --------
    >>> import folium
    >>> web_map = folium.Map((29.5, 120.9), tiles=None)
    >>> trim_links(web_map)
    >>> "https://cdn" in render_page(web_map, title="示例")
    False
    """
    root: Any = web_map.get_root()
    with _left_as_it_was(root):
        root.render()
        header = "\n".join(_header_text(name, element) for name, element in root.header._children.items())  # noqa: SLF001 - branca offers no public way to its children
        body, script = root.html.render(), root.script.render()
        page = (
            f'<!DOCTYPE html>\n<html lang="{_LANGUAGE_TAGS[lang]}">\n<head>\n{_policy(image_hosts)}\n'
            f"<title>{title}</title>\n{header}\n</head>\n<body>\n{body}\n</body>\n<script>\n{script}\n</script>\n"
            "</html>\n"
        )
        return _with_numbered_ids(page, root)


def own_text(name: str) -> str:
    """Read one of the page's own scripts or styles.

    Examples
    --------
    >>> "clinicplan" in own_text("symbols.js")
    True
    """
    return resources.files("clinicplan.report").joinpath("scripts", name).read_text(encoding="utf-8")


def script_element(text: str) -> str:
    """Wrap a script so that nothing in it can end the element early.

    Leaflet's own text holds a link to its home page, which is never shown here; its slashes are escaped, which means
    the same to JavaScript, so that a check of the page for outside links finds none.
    """
    without_map = re.sub(r"//# sourceMappingURL=\S*", "", text)
    without_links = re.sub(r"((?:src|href)=[\"']?https?:)//", r"\1\\/\\/", without_map)
    return "<script>\n" + without_links.replace("</script", "<\\/script").replace("<!--", "<\\!--") + "\n</script>"


def style_element(text: str) -> str:
    """Wrap a style sheet so that nothing in it can end the element early."""
    return "<style>\n" + text.replace("</style", "<\\/style") + "\n</style>"


@contextlib.contextmanager
def _left_as_it_was(root: Any) -> Iterator[None]:
    """Undo what rendering adds to the page: Folium would write it a second time with the next rendering."""
    parts = (root.header, root.html, root.script)
    before = [part._children.copy() for part in parts]  # noqa: SLF001 - as above
    try:
        yield
    finally:
        for part, children in zip(parts, before, strict=True):
            part._children = children  # noqa: SLF001 - as above


def _header_text(name: str, element: Element) -> str:
    """Write one element of the header, links replaced by what they link to."""
    from branca.element import CssLink, JavascriptLink

    if not isinstance(element, (CssLink, JavascriptLink)):
        return str(element.render())
    path = _asset_path(element.url, name)
    if isinstance(element, CssLink):
        return style_element(_with_inlined_images(path))
    return script_element(path.read_text(encoding="utf-8"))


def _asset_path(url: str, name: str) -> Path:
    """Find the installed file that stands for a link."""
    package, file = ASSETS.get(url.partition("?")[0].rpartition("/")[2], ("", ""))
    path = Path(import_module(package).BASE_DIR) / file if package else None
    if path is None or not path.is_file():
        raise OutputError(fault(Severity.ERROR, "foreign_link", subject="map", url=url, name=name))
    return path


def _with_inlined_images(path: Path) -> str:
    """Read a style sheet, the images it names written into it; an image that is not installed is left out."""

    def inlined(match: re.Match[str]) -> str:
        target = match.group(1).strip("'\" ").partition("?")[0].partition("#")[0]
        image = path.parent / target
        if not target or target.startswith("data:") or image.suffix not in _MEDIA_TYPES or not image.is_file():
            return "url(data:,)"
        data = base64.b64encode(image.read_bytes()).decode("ascii")
        return f"url(data:{_MEDIA_TYPES[image.suffix]};base64,{data})"

    return re.sub(r"url\(([^)]*)\)", inlined, path.read_text(encoding="utf-8"))


def _policy(image_hosts: Sequence[str]) -> str:
    """Write the rule by which the browser itself refuses to load anything from outside."""
    images = " ".join(("data:", "blob:", *image_hosts))
    rule = (
        f"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src {images}; font-src data:"
    )
    return (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{rule}">\n'
        '<meta name="referrer" content="strict-origin-when-cross-origin">'
    )


def _with_numbered_ids(page: str, root: Element) -> str:
    """Replace random ids by numbers, in the order of the elements."""
    numbers = {element._id: str(number) for number, element in enumerate(_elements(root), start=1)}  # noqa: SLF001 - as above
    return re.sub(r"(?<=_)[0-9a-f]{32}(?![0-9a-f])", lambda match: numbers.get(match.group(), match.group()), page)


def _elements(element: Element) -> Iterator[Element]:
    """Walk the tree of elements, the three parts of a figure included."""
    from branca.element import Element

    yield element
    parts = [getattr(element, part, None) for part in ("header", "html", "script")]
    for child in (*(part for part in parts if isinstance(part, Element)), *element._children.values()):  # noqa: SLF001 - as above
        yield from _elements(child)
