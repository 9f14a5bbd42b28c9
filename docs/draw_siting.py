# ruff: noqa: INP001 - run by its path: python docs/draw_siting.py
"""Draw the pictures of the siting page: each model solved on one small invented town, each picture an SVG file.

A way is a straight line and an e-bike goes 15 km/h, so that a circle on paper is the circle of the model. Every number
in a picture is counted from the result that it shows.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.report.style import ACCENT, CLINIC, FONT_STACK, HOSPITAL, INK, LAND, MUTED, OUTSIDE, PAPER, RULE
from clinicplan.siting import models
from clinicplan.siting.choice import choose
from clinicplan.siting.merge.answer import NONE, OUTREACH, OWN, SEAT, SHARED, MergePlan, read_plan
from clinicplan.siting.merge.formulation import merge_model
from clinicplan.siting.merge.frontier import cost_frontier
from clinicplan.siting.merge.question import FEN, Limits, MergeQuestion, Money
from clinicplan.siting.merge.stages import solve_in_order
from clinicplan.siting.problem import LocationProblem, SitingResult
from clinicplan.siting.selection import SelectionQuestion

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

TOWN: Final = (
    (2.6, 9.4, 880), (3.4, 5.7, 2330), (4.9, 8.3, 290), (5.2, 6.5, 1000), (6.1, 1.9, 380), (6.9, 12.2, 500),
    (7.8, 10.7, 220), (8.4, 8.6, 220), (8.7, 3.7, 340), (9.1, 7.0, 270), (10.5, 10.5, 540), (11.5, 3.6, 360),
    (12.0, 6.9, 1150), (12.0, 12.5, 600), (12.5, 8.7, 600), (14.4, 5.5, 1080), (15.6, 2.6, 740), (16.2, 10.2, 530),
    (16.5, 12.3, 520), (17.3, 1.5, 510), (18.3, 8.5, 1040), (18.6, 3.1, 870), (20.3, 12.0, 680), (20.5, 5.6, 880),
    (21.7, 7.1, 390), (22.7, 5.4, 740),
)  # fmt: skip
"""Invented villages: kilometres east and north, people."""
NEAR_KM: Final = 3.0
"""The circle of the covering models: 12 minutes at 15 km/h."""
TWICE_KM: Final = 5.0
"""The circle of the models that ask for two sites, or for room."""
ROOM: Final = 3_000
"""People that a site serves in the models with capacities."""
STANDING: Final = (1, 3, 5, 8, 9, 10, 12, 14, 15, 18, 20, 22, 23)
"""Villages with a clinic in the picture of the merge model."""
FEW: Final = 4
"""How many of these stand in the picture of money against people outside."""
SEATS: Final = (12,)
"""Villages in which a township hospital stands."""
HOSPITALS: Final = (1, 4, 5, 12, 14, 18, 19, 22, 25)
"""Villages whose hospital may become a sub-centre, or a point of a service with a quota."""
COUNTY_CENTRE: Final = (9.6, 8.0)
"""The county medical centre in the picture of sub-centres, kilometres."""
EDGE_KM: Final = 12.0
"""Where the eastern township begins in the pictures that need two."""

WIDE, HIGH, TOP, SCALE = 720, 500, 62, 27.0
GREEN, GREEN_LINE, GOLD = "#7fc39a", "#14693f", "#e0a526"


# --- drawing ----------------------------------------------------------------------------------------------------------


@dataclass
class Drawing:
    """Marks of one picture, in the order they are painted."""

    title: str
    told: str
    marks: list[str]

    def line(self, a: Float64, b: Float64, colour: str, width: float = 1.6, dash: str = "") -> None:
        """Draw a straight way between two places."""
        (x, y), (u, v) = _place(a), _place(b)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.marks.append(
            f'<path d="M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}" stroke="{colour}" stroke-width="{width}" fill="none"{dashes}/>'
        )

    def circle(self, at: Float64, km: float, colour: str = CLINIC, opacity: float = 0.09) -> None:
        """Draw what lies within a distance."""
        x, y = _place(at)
        self.marks.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{km * SCALE:.1f}" fill="{colour}" fill-opacity="{opacity}" '
            f'stroke="{colour}" stroke-opacity=".6" stroke-width="1.2" clip-path="url(#land)"/>'
        )

    def mark(self, shape: str, at: Float64, radius: float, fill: str, edge: str = PAPER, width: float = 1.4) -> None:
        """Draw one symbol."""
        self.marks.append(_symbol(shape, *_place(at), radius, fill, edge, width))

    def text(self, at: Float64, words: str, *, dx: float = 0.0, dy: float = 0.0, colour: str = INK) -> None:
        """Write a few words on a halo, centred."""
        x, y = _place(at)
        self.marks.append(_text(x + dx, y + dy, words, 12, colour, "middle", halo=True))

    def page(self, legend: Iterable[tuple[str, str, str, str]]) -> str:
        """Return the whole picture as SVG."""
        fonts = html.escape(", ".join(FONT_STACK))
        size = f'viewBox="0 0 {WIDE} {HIGH}"'
        head = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{fonts}">',
            f"<title>{html.escape(self.title)}</title>",
            f'<rect width="{WIDE}" height="{HIGH}" fill="{PAPER}"/>',
            _text(20, 26, self.title, 17, INK, "start", bold=True),
            _text(20, 48, self.told, 13, MUTED, "start"),
        ]
        return "\n".join([*head, *self.marks, *_legend(legend), "</svg>"]) + "\n"


def _place(at: Any) -> tuple[float, float]:
    return 24 + float(at[0]) * SCALE + 12, TOP + 6 + (14.0 - float(at[1])) * SCALE


def _text(
    x: float, y: float, words: str, size: int, colour: str, anchor: str, *, bold: bool = False, halo: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    around = f' stroke="{PAPER}" stroke-width="3" paint-order="stroke" stroke-linejoin="round"' if halo else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}{around}>'
        f"{html.escape(words)}</text>"
    )


def _symbol(shape: str, x: float, y: float, radius: float, fill: str, edge: str, width: float) -> str:
    stroke = f'fill="{fill}" stroke="{edge}" stroke-width="{width}"'
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {stroke}/>'
    turns = {"square": (4, 45.0), "triangle": (3, 90.0), "diamond": (4, 0.0)}
    corners, first = turns[shape]
    angles = [np.deg2rad(first + 360 * at / corners) for at in range(corners)]
    points = " ".join(f"{x + radius * np.cos(a):.1f},{y - radius * np.sin(a):.1f}" for a in angles)
    return f'<polygon points="{points}" {stroke}/>'


def _legend(entries: Iterable[tuple[str, str, str, str]]) -> list[str]:
    """Draw shape, fill, edge and words of each entry in one row."""
    found, x = [f'<path d="M20 466H{WIDE - 20}" stroke="{RULE}"/>'], 30.0
    for shape, fill, edge, words in entries:
        if shape == "line":
            found.append(f'<path d="M{x - 8:.1f} 484H{x + 8:.1f}" stroke="{fill}" stroke-width="2"/>')
        else:
            found.append(_symbol(shape, x, 484, 6.5, fill, edge, 1.4))
        found.append(_text(x + 13, 488.5, words, 12.5, INK, "start"))  # type: ignore[arg-type]
        x += 32 + sum(12.5 if ord(sign) > 255 else 7 for sign in words)
    return found


def _ground() -> list[str]:
    """Draw the land of the town: a smooth outline around its villages."""
    from shapely import MultiPoint

    outline = MultiPoint([row[:2] for row in TOWN]).convex_hull.buffer(1.2, quad_segs=6)
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in map(_place, outline.exterior.coords)) + "Z"
    return [
        f'<clipPath id="land"><path d="{path}"/></clipPath>',
        f'<path d="{path}" fill="{LAND}" stroke="{MUTED}" stroke-opacity=".5" stroke-width="1.5"/>',
    ]


def _new(title: str, told: str) -> Drawing:
    return Drawing(title, told, _ground())


# --- the town ---------------------------------------------------------------------------------------------------------

PLACE: Final = np.array([row[:2] for row in TOWN])
PEOPLE: Final = np.array([row[2] for row in TOWN], dtype=np.int64)
KM: Final = np.round(np.hypot(*(PLACE[:, None] - PLACE[None]).transpose(2, 0, 1)), 3)
MINUTES: Final = KM * 4


def _problem(**rules: Any) -> LocationProblem:
    return LocationProblem(KM, PEOPLE, **rules)


def _dot(people: float) -> float:
    return 2.5 + 0.11 * float(np.sqrt(people))


def _villages(drawing: Drawing, covered: Flags, twice: Flags | None = None) -> None:
    for row, at in enumerate(PLACE):
        radius = _dot(PEOPLE[row])
        if not covered[row]:
            drawing.mark("triangle", at, radius + 2.5, OUTSIDE)
        else:
            doubled = twice is not None and bool(twice[row])
            drawing.mark("circle", at, radius, GREEN, GREEN_LINE, 3.2 if doubled else 1.2)


def _sites(drawing: Drawing, opened: Iterable[int], colour: str = CLINIC) -> None:
    for site in opened:
        drawing.mark("square", PLACE[site], 8.5, colour, PAPER, 1.8)


def _proof(result: SitingResult) -> str:
    return "已证明最优" if result.status == "optimal" else f"差距 {result.gap:.2%}"


VILLAGE = ("circle", GREEN, GREEN_LINE, "圈内的村（大小为人口）")
SITE = ("square", CLINIC, PAPER, "设点")
BEYOND = ("triangle", OUTSIDE, PAPER, "圈外的村")
SERVED = ("circle", GREEN, GREEN_LINE, "村（大小为人口）")
WAY = ("line", MUTED, "", "由谁服务")


def _cover_picture(
    title: str, result: SitingResult, told: str, *, twice: bool = False, limit_km: float = NEAR_KM
) -> str:
    """Draw circles around the open sites, and who lies within, once or twice."""
    times = (KM[:, result.open] <= limit_km).sum(axis=1)
    drawing = _new(title, told)
    for site in result.open:
        drawing.circle(PLACE[site], limit_km)
    _villages(drawing, times >= 1, times >= 2 if twice else None)
    _sites(drawing, result.open)
    doubled = [("circle", GREEN, GREEN_LINE, "粗边：至少两处可到")] if twice else []
    outside = [BEYOND] if (times == 0).any() else []
    return drawing.page([SITE, VILLAGE, *doubled, *outside, ("circle", PAPER, CLINIC, f"{limit_km:g} 公里")])


def _ways_picture(title: str, result: SitingResult, told: str, *, worst: bool = False) -> str:
    """Draw a line from every village to the site that serves it."""
    drawing = _new(title, told)
    way = KM[np.arange(len(TOWN)), result.assignment]
    for row, site in enumerate(result.assignment.tolist()):
        longest = worst and way[row] == way.max()
        drawing.line(PLACE[row], PLACE[site], OUTSIDE if longest else MUTED, 3.0 if longest else 1.5)
    if worst:
        for site in result.open:
            drawing.circle(PLACE[site], float(way.max()), opacity=0.06)
    _villages(drawing, np.ones(len(TOWN), dtype=bool))
    _sites(drawing, result.open)
    longest_entry = [("line", OUTSIDE, "", "最远的一村")] if worst else []
    return drawing.page([SITE, SERVED, WAY, *longest_entry])


# --- location models --------------------------------------------------------------------------------------------------


def draw_set_cover() -> str:
    """Draw the fewest sites that cover every village."""
    result = models.set_cover(_problem(), NEAR_KM)
    told = f"{len(TOWN)} 个村都在 {NEAR_KM:g} 公里内，最少要 {len(result.open)} 处（{_proof(result)}）"
    return _cover_picture("集合覆盖：最少几处", result, told)


def draw_multi_cover() -> str:
    """Draw the fewest sites with two within reach of every village."""
    result = models.multi_cover(_problem(), TWICE_KM, 2)
    told = f"每村 {TWICE_KM:g} 公里内都要有 2 处，最少 {len(result.open)} 处（{_proof(result)}）"
    return _cover_picture("多重覆盖：一处停诊还有一处", result, told, twice=True, limit_km=TWICE_KM)


def draw_backup_cover() -> str:
    """Draw the fewest sites that, in second place, cover most people twice."""
    result = models.backup_cover(_problem(), NEAR_KM)
    sites, people = result.objective
    told = f"处数最少（{sites:g} 处）的方案中，两处可到的人最多：{people:,.0f} 人（{_proof(result)}）"
    return _cover_picture("备份覆盖：同样的处数，更多人有第二选择", result, told, twice=True)


def draw_max_cover() -> str:
    """Draw the four sites that cover most people."""
    result = models.max_cover(_problem(), NEAR_KM, 4)
    told = f"只设 4 处，最多覆盖 {result.objective:,.0f} / {PEOPLE.sum():,} 人（{_proof(result)}）"
    return _cover_picture("最大覆盖：处数有限，覆盖最多的人", result, told)


def draw_partial_cover() -> str:
    """Draw the fewest sites that cover nine people of ten."""
    result = models.partial_cover(_problem(), NEAR_KM, 0.9)
    covered = PEOPLE[(KM[:, result.open] <= NEAR_KM).any(axis=1)].sum()
    told = f"覆盖率不低于 90%，最少 {len(result.open)} 处，实际覆盖 {covered / PEOPLE.sum():.1%}（{_proof(result)}）"
    return _cover_picture("部分覆盖：达到目标覆盖率最少几处", result, told)


def draw_p_median() -> str:
    """Draw the four sites with the least way in all."""
    result = models.p_median(_problem(), 4)
    told = f"设 4 处，人均单程 {result.objective / PEOPLE.sum():.2f} 公里，为最少（{_proof(result)}）"
    return _ways_picture("p-中位：平均路程最短", result, told)


def draw_p_center() -> str:
    """Draw the four sites with the shortest longest way."""
    result = models.p_center(_problem(), 4)
    told = f"设 4 处，最远的村 {result.objective:.2f} 公里，不能再近（{_proof(result)}）"
    return _ways_picture("p-中心：照顾最远的村", result, told, worst=True)


def draw_p_dispersion() -> str:
    """Draw five sites as far apart as can be."""
    result = models.p_dispersion(KM, 5)
    told = f"设 5 处，任意两处至少相距 {result.objective:.2f} 公里，为最大（{_proof(result)}）"
    drawing = _new("p-分散：相互离得最远", told)
    for at, one in enumerate(result.open):
        for other in result.open[at + 1 :]:
            nearest = KM[one, other] == result.objective
            drawing.line(PLACE[one], PLACE[other], OUTSIDE if nearest else RULE, 3.0 if nearest else 1.2)
    _villages(drawing, np.ones(len(TOWN), dtype=bool))
    _sites(drawing, result.open)
    return drawing.page([SITE, ("circle", GREEN, GREEN_LINE, "可设点的村"), ("line", OUTSIDE, "", "相距最近的一对")])


def _loads(result: SitingResult) -> str:
    load = np.bincount(result.assignment, weights=PEOPLE, minlength=len(TOWN))[result.open]
    return f"各处服务 {int(load.min()):,}—{int(load.max()):,} 人，不超过 {ROOM:,} 人"


def _with_loads(page: str, result: SitingResult) -> str:
    """Write the people that each site serves beside it."""
    load = np.bincount(result.assignment, weights=PEOPLE, minlength=len(TOWN))
    notes = Drawing("", "", [])
    for site in result.open.tolist():
        notes.text(PLACE[site], f"{int(load[site]):,}", dy=-13, colour=ACCENT)
    return page.replace("</svg>", "\n".join([*notes.marks, "</svg>"]))


def draw_capacitated_cover() -> str:
    """Draw the fewest sites with enough room for all within a farther circle."""
    result = models.capacitated_cover(_problem(capacity=np.full(len(TOWN), ROOM)), TWICE_KM)
    told = (
        f"{TWICE_KM:g} 公里内且每处至多 {ROOM:,} 人，最少 {len(result.open)} 处；{_loads(result)}（{_proof(result)}）"
    )
    return _with_loads(_ways_picture("有容量的覆盖：够近，也容得下", result, told), result)


def draw_capacitated_p_median() -> str:
    """Draw seven sites with the least way among those with room for all."""
    result = models.capacitated_p_median(_problem(capacity=np.full(len(TOWN), ROOM)), 7)
    told = f"设 7 处，人均 {result.objective / PEOPLE.sum():.2f} 公里；{_loads(result)}（{_proof(result)}）"
    return _with_loads(_ways_picture("有容量的 p-中位：最近的满了就去次近的", result, told), result)


def draw_capacitated_facility_location() -> str:
    """Draw the sites that make money and ways together cheapest."""
    yearly, minute = 54_000.0, 5.0
    cost = LocationProblem(
        MINUTES * minute, PEOPLE, site_cost=np.full(len(TOWN), yearly), capacity=np.full(len(TOWN), ROOM)
    )
    result = models.capacitated_facility_location(cost)
    ways = result.objective - yearly * len(result.open)
    told = (
        f"每处每年 {yearly / 1e4:g} 万元、每人·分钟折合 {minute:g} 元：设 {len(result.open)} 处，"
        f"{yearly * len(result.open) / 1e4:.1f}＋{ways / 1e4:.1f} 万元最省（{_proof(result)}）"
    )
    return _with_loads(_ways_picture("有容量的设施选址：处数也由模型定", result, told), result)


# --- one village, one clinic ------------------------------------------------------------------------------------------


def merge_question(standing: tuple[int, ...] = STANDING) -> MergeQuestion:
    """Return the town as a question of keeping, sharing, building, with clinics in some of its villages."""
    n = len(TOWN)
    rows = np.arange(n)
    stands, seat = np.isin(rows, standing), np.isin(rows, SEATS)
    east = PLACE[:, 0] > EDGE_KM
    guest = (PEOPLE <= 600) & ~seat
    arcs = guest[:, None] & (KM <= NEAR_KM) & (rows[:, None] != rows) & (east[:, None] == east)
    village, site = np.nonzero(arcs)
    home, near = np.nonzero((KM <= NEAR_KM) & ~(KM[:, list(SEATS)] <= NEAR_KM).any(axis=1)[:, None])
    asked, home = np.unique(home, return_inverse=True)
    milliseconds = np.round(MINUTES * 60_000).astype(np.int64)
    own = PEOPLE * 3 * 60_000
    return MergeQuestion(
        village_ids=np.array([f"V{row:02d}" for row in rows], dtype=object),
        people=PEOPLE,
        township=np.where(east, "东乡", "西乡").astype(object),
        has_clinic=stands,
        outreach=PEOPLE <= 220,
        seat_id=np.where(seat, "H", "").astype(object),
        seat_person_ms=own,
        site_ids=np.array([f"S{row:02d}" for row in rows], dtype=object),
        site_village=rows,
        facility_id=np.where(stands, "F", "").astype(object),
        stands=stands,
        central=np.zeros(n, dtype=bool),
        open_least=np.zeros(n, dtype=bool),
        open_most=np.ones(n, dtype=bool),
        host_least=np.zeros(n, dtype=bool),
        host_most=np.ones(n, dtype=bool),
        build_fen=np.where(stands, 0, 60_000 * FEN),
        own_person_ms=own,
        arc_village=village,
        arc_site=site,
        arc_person_ms=PEOPLE[village] * milliseconds[village, site],
        home_village=asked,
        home_people=PEOPLE[asked],
        cover_home=home,
        cover_site=near,
        covers_open=np.ones(n, dtype=bool),
        uncoverable_people=0,
        near_village=np.zeros(0, dtype=np.int64),
        near_site=np.zeros(0, dtype=np.int64),
        near_needed=np.zeros(n, dtype=bool),
        money=Money(30_000 * FEN, 5_000 * FEN, 20_000 * FEN, 30_000 * FEN, 15.0),
        limits=Limits(guests=3),
        outreach_kind="touring",
    )


def _solved(question: MergeQuestion) -> tuple[MergePlan, bool]:
    model = merge_model(question)
    found = solve_in_order(model.program, model.goals, time_limit_s=60)
    assert found.x is not None
    return read_plan(question, model, found.x), all(stage.proven for stage in found.stages)


def draw_merge() -> str:
    """Draw who keeps, shares, builds, is covered by the hospital or by touring."""
    question = merge_question()
    plan, proven = _solved(question)
    kept = plan.open & question.stands
    built = plan.open & ~question.stands
    told = (
        f"保留 {int(kept.sum())} 处（其中提升 {int((kept & plan.host).sum())} 处），"
        f"联合设置 {int((plan.kind == SHARED).sum())} 个村，新建 {int(built.sum())} 处，"
        f"卫生院覆盖 {int((plan.kind == SEAT).sum())} 个村，巡诊 {int((plan.kind == OUTREACH).sum())} 个村"
        f"（{'已证明最优' if proven else '未证明'}）"
    )
    drawing = _new("一村一室与联合设置", told)
    drawing.line(np.array([EDGE_KM + 0.25, 0.4]), np.array([EDGE_KM + 0.25, 13.6]), MUTED, 1.2, "7 5")
    for row in np.flatnonzero(plan.kind == SHARED):
        drawing.line(PLACE[row], PLACE[question.site_village[plan.site[row]]], ACCENT, 2.2)
    for row, at in enumerate(PLACE):
        _merge_mark(drawing, row, at, plan, question)
    return drawing.page(
        [
            ("circle", CLINIC, PAPER, "保留"), ("circle", CLINIC, GOLD, "中心村卫生室"),
            ("circle", PAPER, CLINIC, "新建"), ("diamond", GREEN, GREEN_LINE, "联合设置的村"),
            ("square", HOSPITAL, PAPER, "卫生院覆盖"),
            ("triangle", GOLD, PAPER, "巡诊"),
        ]
    )  # fmt: skip


def _merge_mark(drawing: Drawing, row: int, at: Float64, plan: MergePlan, question: MergeQuestion) -> None:
    kind, site = int(plan.kind[row]), int(plan.site[row])
    radius = _dot(PEOPLE[row]) + 2
    if kind == OWN:
        if plan.host[site]:
            drawing.mark("circle", at, radius + 3.5, GOLD)
        new = not question.stands[site]
        drawing.mark("circle", at, radius, PAPER if new else CLINIC, CLINIC if new else PAPER, 3.0 if new else 1.4)
        return
    shapes = {
        SHARED: ("diamond", GREEN),
        SEAT: ("square", HOSPITAL),
        OUTREACH: ("triangle", GOLD),
        NONE: ("triangle", OUTSIDE),
    }
    shape, fill = shapes[kind]
    drawing.mark(shape, at, radius + 2, fill, GREEN_LINE if kind == SHARED else PAPER, 1.2)


def draw_frontier() -> str:
    """Draw building money against people outside the circle."""
    points = cost_frontier(merge_question(STANDING[:FEW]), 15, time_limit_s=60)
    money = np.array([row["build_cny"] for row in points]) / 1e4
    people = np.array([row["people_outside"] for row in points])
    exact = sum(row["exact"] for row in points)
    told = f"{len(points)} 个点，{exact} 个已证明：同样的钱不能让圈外人更少，同样的圈外人不能花更少的钱"
    drawing = Drawing("费用与圈外人口", told, [])
    left, right, top, bottom = 80.0, 680.0, 84.0, 420.0
    most_money, most_people = max(float(money.max()), 1.0), max(float(people.max()), 1.0)
    x, y = left + money / most_money * (right - left), bottom - people / most_people * (bottom - top)
    drawing.marks += [f'<path d="M{left} {top - 10}V{bottom}H{right + 10}" stroke="{MUTED}" fill="none"/>']
    for share in (0.25, 0.5, 0.75, 1.0):
        level = bottom - share * (bottom - top)
        drawing.marks.append(f'<path d="M{left} {level:.1f}H{right}" stroke="{RULE}"/>')
        drawing.marks.append(_text(left - 8, level + 4, f"{share * most_people:,.0f}", 12, MUTED, "end"))
        drawing.marks.append(
            _text(left + share * (right - left), bottom + 18, f"{share * most_money:.1f}", 12, MUTED, "middle")
        )
    steps = f"M{x[0]:.1f} {y[0]:.1f}" + "".join(f"H{u:.1f}V{v:.1f}" for u, v in zip(x[1:], y[1:], strict=True))
    drawing.marks.append(f'<path d="{steps}" stroke="{CLINIC}" stroke-width="2" fill="none"/>')
    drawing.marks += [_symbol("circle", u, v, 5.5, CLINIC, PAPER, 1.5) for u, v in zip(x, y, strict=True)]
    drawing.marks.append(_text(left - 60, top - 12, "圈外人口（人）", 13, INK, "start"))
    drawing.marks.append(_text(right, bottom + 36, "一次性投入（万元）", 13, INK, "end"))
    return drawing.page([("circle", CLINIC, PAPER, "一个方案"), ("line", CLINIC, "", "其间没有更好的")])


# --- sub-centres and quotas -------------------------------------------------------------------------------------------


def _selection(rows: NDArray[np.int64], **rules: Any) -> SelectionQuestion:
    """Return hospitals in some villages as sites of a choice, reached by car at 30 km/h."""
    return SelectionQuestion(
        site_ids=np.array([f"H{row:02d}" for row in rows], dtype=object),
        people=PEOPLE,
        time_ms=np.round(KM[:, rows] * 2 * 60_000).astype(np.int64),
        apart_mm=np.round(KM[np.ix_(rows, rows)] * 1e6).astype(np.int64),
        **rules,
    )


def draw_sub_centres() -> str:
    """Draw the best two sub-centres among the hospitals far enough from the county centre."""
    least_km, hospitals = 6.0, np.array(HOSPITALS)
    from_centre = np.hypot(*(PLACE[hospitals] - COUNTY_CENTRE).T)
    eligible = hospitals[from_centre >= least_km]
    question = _selection(eligible, spacing_mm=8_000_000)
    found = choose(question, 2, near_share=0.1)
    assert found is not None
    best = eligible[found.listed.sites[0]]
    mean = float((PEOPLE * KM[:, best].min(axis=1)).sum() / PEOPLE.sum()) * 2
    told = (
        f"距县域医疗中心 ≥{least_km:g} 公里、相互 ≥8 公里：选 2 所，人均 {mean:.1f} 分钟；"
        f"另有 {found.n_near - 1} 组相差不到 10%（{'已证明最优' if found.proven else '未证明'}）"
    )
    drawing = _new("县域医疗卫生次中心", told)
    drawing.circle(np.array(COUNTY_CENTRE), least_km, OUTSIDE, 0.05)
    _nearest(drawing, best)
    _villages(drawing, np.ones(len(TOWN), dtype=bool))
    for row in hospitals:
        chosen = row in best
        fill = CLINIC if chosen else PAPER if row in eligible else RULE
        drawing.mark("square", PLACE[row], 11 if chosen else 8, fill, PAPER if chosen else CLINIC, 1.8)
    drawing.mark("diamond", np.array(COUNTY_CENTRE), 12, OUTSIDE)
    return drawing.page(
        [
            ("diamond", OUTSIDE, PAPER, "县域医疗中心"), ("square", CLINIC, PAPER, "选中"),
            ("square", PAPER, CLINIC, "符合条件"), ("square", RULE, CLINIC, "太近，不能选"), SERVED,
        ]
    )  # fmt: skip


def _nearest(drawing: Drawing, sites: NDArray[np.int64]) -> None:
    for row, at in enumerate(PLACE):
        drawing.line(at, PLACE[sites[KM[row, sites].argmin()]], MUTED, 1.2)


def draw_quota() -> str:
    """Draw three points of a service, one in either township at least, as near as can be to the people."""
    hospitals = np.array(HOSPITALS)
    east = (PLACE[hospitals, 0] > EDGE_KM).astype(np.int64)
    question = _selection(hospitals, group=east, group_least=np.array([1, 1]), spacing_mm=6_000_000)
    found = choose(question, 3)
    assert found is not None
    best = hospitals[found.listed.sites[0]]
    mean = float((PEOPLE * KM[:, best].min(axis=1)).sum() / PEOPLE.sum()) * 2
    told = (
        f"在 {len(hospitals)} 家机构中选 3 处，东、西两乡各至少 1 处，相互 ≥6 公里：人均 {mean:.1f} 分钟"
        f"（{'已证明最优' if found.proven else '未证明'}）"
    )
    drawing = _new("有名额的服务（如采血点）", told)
    drawing.line(np.array([EDGE_KM + 0.25, 0.4]), np.array([EDGE_KM + 0.25, 13.6]), MUTED, 1.2, "7 5")
    _nearest(drawing, best)
    _villages(drawing, np.ones(len(TOWN), dtype=bool))
    for row in hospitals:
        chosen = row in best
        drawing.mark(
            "square", PLACE[row], 11 if chosen else 8, CLINIC if chosen else PAPER, PAPER if chosen else CLINIC, 1.8
        )
    return drawing.page([("square", CLINIC, PAPER, "选中"), ("square", PAPER, CLINIC, "可选的机构"), SERVED, WAY])


PICTURES: Final[dict[str, Callable[[], str]]] = {
    "set_cover": draw_set_cover, "multi_cover": draw_multi_cover, "backup_cover": draw_backup_cover,
    "max_cover": draw_max_cover, "partial_cover": draw_partial_cover, "p_median": draw_p_median,
    "p_center": draw_p_center, "p_dispersion": draw_p_dispersion, "capacitated_cover": draw_capacitated_cover,
    "capacitated_p_median": draw_capacitated_p_median,
    "capacitated_facility_location": draw_capacitated_facility_location, "merge": draw_merge,
    "frontier": draw_frontier, "sub_centres": draw_sub_centres, "quota": draw_quota,
}  # fmt: skip
"""Name of each picture and what draws it."""


def main() -> None:
    """Write every picture into `images`."""
    folder = Path(__file__).with_name("images")
    for name, draw in PICTURES.items():
        (folder / f"siting_{name}.svg").write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
