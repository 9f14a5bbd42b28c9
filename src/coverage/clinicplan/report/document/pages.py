"""Set up paper, fonts and styles after GB/T 9704, and the footer with version and page number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from clinicplan.report.document.fields import field_xml
from clinicplan.report.document.grid import NAMESPACE, printable

if TYPE_CHECKING:
    from docx.document import Document

    from clinicplan.report.document.source import DocumentSource

MARGINS_MM: Final = {"top_margin": 37, "bottom_margin": 35, "left_margin": 28, "right_margin": 26}
"""天头 37 mm, 订口 28 mm, type area 156 mm by 225 mm on A4."""
LATIN: Final = "Times New Roman"
FALLBACKS: Final = {
    "方正小标宋简体": "宋体", "仿宋_GB2312": "仿宋", "仿宋": "FangSong", "楷体_GB2312": "楷体", "楷体": "KaiTi",
    "黑体": "SimHei", "宋体": "SimSun",
}  # fmt: skip
"""What stands in where a font is not installed."""
LINE_PT: Final = 28
STYLES: Final[dict[str, tuple[str, float, bool, str, bool]]] = {
    "PlanTitle": ("方正小标宋简体", 22, False, "center", False),
    "PlanSubtitle": ("楷体", 16, False, "center", False),
    "PlanText": ("仿宋", 16, False, "both", True),
    "PlanCaption": ("黑体", 12, False, "center", False),
    "PlanUnit": ("宋体", 9, False, "right", False),
    "PlanTableHead": ("黑体", 9, False, "center", False),
    "PlanTableText": ("宋体", 9, False, "left", False),
    "PlanNote": ("宋体", 9, False, "both", False),
    "PlanFigure": ("宋体", 9, False, "center", False),
}
"""Font, size in points, bold, alignment, whether it has the line pitch and indent of body text."""
HEADINGS: Final = {1: "黑体", 2: "楷体"}


def set_up(document: Document, *, own_pages: bool) -> None:
    """Give a document the styles it needs, and paper and headings where it has none of its own.

    Parameters
    ----------
    document
        A new document, or a bureau's template.
    own_pages
        Whether paper, headings and default fonts are ours; a template keeps its own.
    """
    from docx.shared import Mm

    if own_pages:
        section = document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        for name, millimetres in MARGINS_MM.items():
            setattr(section, name, Mm(millimetres))
        _set_defaults(document)
    present = {style.style_id for style in document.styles}
    for name, look in STYLES.items():
        if name not in present:
            _add_style(document, name, *look)
    for level, font in HEADINGS.items():
        name = f"Heading {level}"
        if own_pages or name not in [style.name for style in document.styles]:
            _set_heading(document, name, font)


def _set_defaults(document: Document) -> None:
    """Say that the text is Chinese of the mainland: otherwise other glyphs and punctuation are used."""
    normal: Any = document.styles["Normal"]
    _set_fonts(normal, "仿宋", 16)
    fonts = document.styles.element.find(f"{{{NAMESPACE}}}docDefaults").find(f".//{{{NAMESPACE}}}rPr")
    for lang in fonts.findall(f"{{{NAMESPACE}}}lang"):
        lang.set(f"{{{NAMESPACE}}}eastAsia", "zh-CN")
    _set_font_table(document)


def _set_font_table(document: Document) -> None:
    """Name for every font what stands in for it."""
    entries = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
        for name, other in FALLBACKS.items()
    )
    text = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts xmlns:w="{NAMESPACE}">{entries}</w:fonts>'
    for relation in document.part.rels.values():
        if relation.reltype.endswith("/fontTable"):
            part: Any = relation.target_part
            part._blob = text.encode("utf-8")  # noqa: SLF001 - the library has no door to this part


def _add_style(document: Document, name: str, font: str, size: float, bold: bool, align: str, body: bool) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
    from docx.shared import Pt

    style: Any = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = None
    _set_fonts(style, font, size, bold=bold)
    layout = style.paragraph_format
    layout.space_before = layout.space_after = Pt(0)
    layout.alignment = getattr(WD_ALIGN_PARAGRAPH, {"both": "JUSTIFY"}.get(align, align.upper()))
    if body:
        layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(LINE_PT)
        layout.first_line_indent = Pt(2 * size)
    if name == "PlanCaption":
        layout.keep_with_next, layout.space_before = True, Pt(12)
    if name in {"PlanUnit", "PlanFigure"}:
        layout.keep_with_next = True


def _set_heading(document: Document, name: str, font: str) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt, RGBColor

    known = {style.name for style in document.styles}
    style: Any = (
        document.styles[name]
        if name in known
        else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=True)
    )
    _set_fonts(style, font, 16)
    style.font.color.rgb = RGBColor(0, 0, 0)
    layout = style.paragraph_format
    layout.space_before, layout.space_after, layout.keep_with_next = Pt(12), Pt(6), True


def _set_fonts(style: Any, font: str, size: float, *, bold: bool = False) -> None:
    """Set both the Latin and the Chinese font: `font.name` alone leaves Chinese to the theme."""
    from docx.shared import Pt

    style.font.name, style.font.size, style.font.bold = LATIN, Pt(size), bold
    fonts = style.element.get_or_add_rPr().rFonts
    for part in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(f"{{{NAMESPACE}}}{part}", None)
    fonts.set(f"{{{NAMESPACE}}}eastAsia", font)


def add_footer(document: Document, source: DocumentSource, title: str) -> None:
    """Write title and version at the left of the footer, the page number at the right."""
    from docx.oxml import parse_xml

    version = printable(source.about.get("version") or "")
    text = source.say("footer.version", title=title, version=version) if version else title
    footer = document.sections[0].footer
    paragraph = footer.paragraphs[0]
    paragraph.style = document.styles["PlanNote"]
    body = (
        f"{_run(text)}{_run(chr(0x2003))}{_run(source.say('footer.page'))}{field_xml('PAGE', '1')}"
        f"{_run(source.say('footer.page_end'))}"
    )
    for run in parse_xml(f'<w:p xmlns:w="{NAMESPACE}">{body}</w:p>'):
        paragraph._p.append(run)  # noqa: SLF001 - fields have no other door


def _run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
