"""Make up what policy documents ask of a county beyond its register: contracts, patients, pairs, departments.

Drawn from streams of their own, so that villages, roads, people and places stay as they are when this changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clinicplan.sample.attributes import Row
from clinicplan.sample.names import TOWNSHIPS
from clinicplan.sample.services import Site
from clinicplan.sample.units import Units

GOAL_HEADERS: Final = (
    "管理机构", "对口帮扶医院", "每周帮扶坐诊天数", "下派期限(月)", "年下派人数", "医共体牵头医院",
    "服务基层定向岗位数", "医院类别", "医院级别", "薄弱机构", "标准化改造", "科室设置", "公共卫生科", "老年医学科",
    "传染病区", "具备发热门诊条件", "哨点诊室", "医疗应急小分队", "老年友善机构", "示范儿童健康服务中心",
    "手术级别", "一级手术量", "高级职称和硕士人数", "全日制本科人数", "儿童诊疗全科医生数", "儿童诊疗和保健医生总数",
    "公共卫生执业助理医师数", "新进村医数", "新进村医年龄", "新进村医均为大专以上", "新进村医均有执业资格",
    "大专以下村医数", "中医药适宜技术受训人数", "中医诊疗人次", "中药房", "中医诊疗设备", "名医工作室",
    "市级及以上名医名科", "绩效考核等次", "高血压糖尿病患者数", "规范管理人数", "慢病门诊人次", "符合医保定点条件",
    "具备信息化条件", "具备智慧化条件",
)  # fmt: skip
"""Headers of facilities.csv after those of `attributes`; which column each stands for is in headers.toml."""

SPECIALTIES: Final = ("针灸推拿科", "康复科", "口腔科", "疼痛门诊", "糖尿病专科")
STUDIOS: Final = ("名中医工作室", "全科名医工作室", "儿科名医工作站")
DEPARTMENTS: Final = ("全科医疗科", "中医科", "妇幼保健科", "慢病管理科", "特色专科", "口腔科", "康复医学科")
COUNTY_DEPARTMENTS: Final = ("内科", "外科", "妇产科", "儿科", "急诊医学科", "中医科", "感染性疾病科", "康复医学科")
COUNTY_KINDS: Final = {
    "中医院": ("中医医院", "二级甲等"),
    "妇幼": ("妇幼保健院", "二级乙等"),
    "人民": ("综合医院", "三级乙等"),
}
EMPTY_SHARE: Final = 0.04
"""Share of cells that nobody filled in."""
Texts = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class VillageGoals:
    """What the village table says for policy goals, one row a unit; -1 where nobody filled it in.

    Parameters
    ----------
    contracted, key, key_contracted
        People with a family doctor; key groups, and those of them with one.
    managed_elders
        People of 65 and more whose health is managed.
    touring
        Doctors who tour the village.
    psych_service, served_by
        Yes, no or empty; name of the hospital or centre that looks after the village.
    """

    contracted: NDArray[np.int64]
    key: NDArray[np.int64]
    key_contracted: NDArray[np.int64]
    managed_elders: NDArray[np.int64]
    touring: NDArray[np.int64]
    psych_service: Texts
    served_by: Texts


@dataclass(frozen=True, eq=False)
class TownshipGoals:
    """What the townships layer says for policy goals, one row a township."""

    infant_care: NDArray[np.int64]
    psych_service: Texts
    eldercare_pilot: Texts


def village_goals(
    sites: Sequence[Site], units: Units, contracted: NDArray[np.bool_], old: NDArray[np.int64], seed: int
) -> VillageGoals:
    """Return contracts, key groups and who looks after each village.

    Parameters
    ----------
    contracted
        Shape (units): whether family doctors reach the village; without them nobody has a contract.
    old
        Shape (units): people of 65 and more.
    """
    random = np.random.default_rng([seed, 16])
    count = len(units)
    signed = np.where(contracted, units.people * random.uniform(0.45, 0.78, count), 0).astype(np.int64)
    key = (old * random.uniform(1.1, 1.4, count)).astype(np.int64)
    key_signed = np.where(contracted, key * random.uniform(0.8, 1.0, count), 0).astype(np.int64)
    elders = (old * random.uniform(0.62, 0.94, count)).astype(np.int64)
    toured = {site.unit for site in sites if site.tier == "touring_stop"}
    touring = np.asarray([int(unit in toured) for unit in range(count)], dtype=np.int64)
    psych = np.where(random.random(count) < 0.74, "是", "否").astype(object)
    hospitals = _seat_hospitals(sites)
    served = np.asarray([hospitals[township] for township in units.township.tolist()], dtype=object)
    for values in (signed, key_signed, elders, touring):
        values[random.random(count) < EMPTY_SHARE / 2] = -1
    for words in (psych, served):
        words[random.random(count) < EMPTY_SHARE] = ""
    return VillageGoals(signed, key, key_signed, elders, touring, psych, served)


def township_goals(seed: int) -> TownshipGoals:
    """Return what the townships layer says for policy goals; one township has no place for infants."""
    random = np.random.default_rng([seed, 17])
    count = len(TOWNSHIPS)
    infant = random.integers(1, 4, count)
    infant[count - 1] = 0
    psych = np.where(random.random(count) < 0.9, "是", "否").astype(object)
    pilot = np.full(count, "否", dtype=object)
    pilot[random.choice(count, 2, replace=False)] = "是"
    return TownshipGoals(infant.astype(np.int64), psych, pilot)


def add_goals(sites: Sequence[Site], rows: Sequence[Row], units: Units, seed: int) -> list[Row]:
    """Return the register's rows with the cells that policy documents ask for; some cells stay empty."""
    random = np.random.default_rng([seed, 15])
    people = np.bincount(units.township, weights=units.people, minlength=len(TOWNSHIPS)).astype(np.int64)
    helpers = [site.name for site in sites if site.tier in _COUNTY_TIERS]
    hospitals = _seat_hospitals(sites)
    told: list[Row] = []
    for site, row in zip(sites, rows, strict=True):
        goals = _GOALS.get(site.tier, _no_goals)(row, random)
        if site.tier in _TOWNSHIP_TIERS and site.township >= 0:
            goals |= _patients(int(people[site.township]), random)
            goals["对口帮扶医院"] = _filled(random, random.choice(helpers))
        elif site.tier in _CLINIC_TIERS and site.township >= 0:
            goals["管理机构"] = _filled(random, hospitals[site.township])
        told.append(dict.fromkeys(GOAL_HEADERS, "") | row | goals)
    _plant_goals(sites, told)
    return told


def _seat_hospitals(sites: Sequence[Site]) -> dict[int, str]:
    """Return the name of the hospital or centre of each township."""
    return {site.township: site.name for site in sites if site.tier in _TOWNSHIP_TIERS and site.township >= 0}


def _no_goals(row: Row, random: np.random.Generator) -> Row:
    del row, random
    return {}


def _county_goals(row: Row, random: np.random.Generator) -> Row:
    kind, level = next((found for part, found in COUNTY_KINDS.items() if part in row["机构名称"]))
    posts, visits = int(row["编制数"]), int(row["年诊疗人次"])
    leads = kind != "妇幼保健院"
    return {
        "医院类别": kind, "医院级别": level, "医共体牵头医院": "是" if leads else "否",
        "服务基层定向岗位数": str(round(posts * random.uniform(0.05, 0.08))) if leads else "",
        "年下派人数": str(int(random.integers(8, 26))), "科室设置": "、".join(COUNTY_DEPARTMENTS), "公共卫生科": "是",
        "老年医学科": _yes(random, 0.7), "传染病区": "感染病区" if kind == "综合医院" else "否",
        "医疗应急小分队": "是" if kind == "综合医院" else "否", "老年友善机构": "是",
        "一级手术量": str(int(random.integers(400, 1_200))), "手术级别": "四级" if kind == "综合医院" else "三级",
        "中医诊疗人次": _part(visits, (0.75, 0.85) if kind == "中医医院" else (0.05, 0.15), random),
        "慢病门诊人次": _part(visits, (0.05, 0.09), random),
    }  # fmt: skip


def _township_goals(row: Row, random: np.random.Generator) -> Row:
    posts, visits = int(row["编制数"]), int(row["年诊疗人次"])
    skilled = row["服务能力标准"] != "基本"
    child = int(random.integers(0, 3))
    weak = not skilled and random.random() < 0.6
    return {
        "可诊治病种": str(int(random.integers(72 if skilled else 58, 118 if skilled else 92))),
        "设备": "、".join([row["设备"], *(("发热诊室", "制氧机")[: int(random.choice([0, 1, 2, 2, 2]))])]),
        "每周帮扶坐诊天数": _filled(random, str(int(random.choice([0, 1, 1, 2, 3])))),
        "下派期限(月)": random.choice(["12", "12", "6"]) if row["上级下派人员数"] != "0" else "",
        "薄弱机构": "是" if weak else "否", "标准化改造": _yes(random, 0.5) if weak else "否",
        "科室设置": "、".join(DEPARTMENTS[: int(random.integers(4, 8))]), "公共卫生科": _yes(random, 0.92),
        "具备发热门诊条件": _yes(random, 0.3), "哨点诊室": _yes(random, 0.95), "老年友善机构": _yes(random, 0.85),
        "手术级别": ("一级", "二级", "二级及以下", "三级")[int(random.integers(2 if not skilled else 4))],
        "一级手术量": str(int(random.integers(20, 190))), "高级职称和硕士人数": str(int(random.integers(1, 6))),
        "全日制本科人数": str(round(posts * random.uniform(0.12, 0.3))), "儿童诊疗全科医生数": str(child),
        "儿童诊疗和保健医生总数": str(max(child, int(row["儿童保健医生数"]))),
        "公共卫生执业助理医师数": str(int(random.integers(0, 3))), "中药房": _yes(random, 0.95),
        "中医诊疗设备": _yes(random, 0.9), "特色科室": _named(row["特色科室"], SPECIALTIES, random),
        "名医工作室": _named(_yes(random, 0.4), STUDIOS, random), "市级及以上名医名科": _yes(random, 0.25),
        "绩效考核等次": random.choice(["A+", "A", "A", "B", "B", "C"]), "示范儿童健康服务中心": "否",
        "中医诊疗人次": _part(visits, (0.2, 0.42), random),
    }  # fmt: skip


def _patients(people: int, random: np.random.Generator) -> Row:
    """Return patients with high blood pressure or diabetes of a township, those managed to the rules, their visits."""
    patients = round(people * random.uniform(0.14, 0.19))
    return {
        "高血压糖尿病患者数": str(patients), "规范管理人数": _part(patients, (0.62, 0.84), random),
        "慢病门诊人次": _filled(random, _part(patients, (0.9, 1.5), random)),
    }  # fmt: skip


def _clinic_goals(row: Row, random: np.random.Generator) -> Row:
    doctors, visits = int(row["乡村医生数"] or 0), int(row["年诊疗人次"] or 0)
    new = bool(doctors) and random.random() < 0.05
    standard = str(random.choice(["基本", "基本", "推荐", "未达标"], p=[0.5, 0.32, 0.1, 0.08]))
    return {
        "服务能力标准": _filled(random, standard),
        "可诊治病种": str(int(random.integers(17, 36))) if random.random() < 0.8 else row["可诊治病种"],
        "上级下派人员数": str(int(random.random() < 0.12)), "新进村医数": str(int(new)),
        "新进村医年龄": str(int(random.integers(24, 58))) if new else "",
        "新进村医均为大专以上": "是" if new else "", "新进村医均有执业资格": _yes(random, 0.8) if new else "",
        "大专以下村医数": str(int(random.integers(0, doctors + 1))),
        "中医药适宜技术受训人数": _filled(random, str(doctors if random.random() < 0.93 else 0)),
        "老年友善机构": _yes(random, 0.9), **_village_level(visits, random),
    }  # fmt: skip


def _station_goals(row: Row, random: np.random.Generator) -> Row:
    return {
        "服务能力标准": _filled(random, "基本"), "可诊治病种": str(int(random.integers(24, 48))),
        "老年友善机构": _yes(random, 0.92), **_village_level(int(row["年诊疗人次"]), random),
    }  # fmt: skip


def _village_level(visits: int, random: np.random.Generator) -> Row:
    """Return what clinics and stations have in common."""
    return {
        "中医诊疗人次": _filled(random, _part(visits, (0.2, 0.5), random), 0.01),
        "慢病门诊人次": _filled(random, _part(visits, (0.12, 0.26), random), 0.01),
        "符合医保定点条件": _yes(random, 0.92), "具备信息化条件": _yes(random, 0.9),
        "具备智慧化条件": _yes(random, 0.3),
    }  # fmt: skip


def _private_goals(row: Row, random: np.random.Generator) -> Row:
    del row
    return {"年诊疗人次": str(int(random.integers(1_500, 9_000)))}


def _plant_goals(sites: Sequence[Site], rows: list[Row]) -> None:
    """Make one community centre the county's model for children's health, and leave two clinics without a doctor."""
    centres = [number for number, site in enumerate(sites) if site.tier == "community_centre"]
    rows[centres[1]]["示范儿童健康服务中心"] = "是"
    working = [
        row
        for site, row in zip(sites, rows, strict=True)
        if site.tier == "village_clinic" and site.township >= 4 and row["运行状态"] == "正常运行" and not row["备注"]
    ]
    for row, sent in ((working[40], "1"), (working[90], "0")):
        row |= {"乡村医生数": "0", "村医年龄": "", "执业(助理)医师数": "0", "上级下派人员数": sent}
        row |= {"大专以下村医数": "0", "中医药适宜技术受训人数": "0", "新进村医数": "0", "新进村医年龄": ""}


def _part(total: int, share: tuple[float, float], random: np.random.Generator) -> str:
    return str(round(total * random.uniform(*share)))


def _filled(random: np.random.Generator, text: object, empty_share: float = EMPTY_SHARE) -> str:
    """Return a text or, now and then, an empty cell."""
    return "" if random.random() < empty_share else str(text)


def _yes(random: np.random.Generator, share: float) -> str:
    return _filled(random, "是" if random.random() < share else "否", 1 / 30)


def _named(answer: str, names: Sequence[str], random: np.random.Generator) -> str:
    """Write the name of the thing where a register would rather name it than say yes."""
    return str(random.choice(names)) if answer == "是" and random.random() < 0.6 else answer


_COUNTY_TIERS: Final = frozenset({"county_medical_centre", "county_hospital"})
_TOWNSHIP_TIERS: Final = frozenset({"sub_centre", "central_township_hospital", "township_hospital", "community_centre"})
_CLINIC_TIERS: Final = frozenset({"central_clinic", "village_clinic", "community_station"})
_GOALS: Final[dict[str, Callable[[Row, np.random.Generator], Row]]] = {
    **dict.fromkeys(sorted(_COUNTY_TIERS), _county_goals),
    **dict.fromkeys(sorted(_TOWNSHIP_TIERS), _township_goals),
    "community_station": _station_goals,
    "private_clinic": _private_goals,
    "central_clinic": _clinic_goals,
    "village_clinic": _clinic_goals,
}
