"""Describe the facilities as a register does: premises, staff, equipment, what each can do; Chinese headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from clinicplan.sample.names import TOWNSHIPS
from clinicplan.sample.services import Site
from clinicplan.sample.units import Units
from clinicplan.words import word

HEADERS: Final = (
    "机构代码", "机构名称", "机构类别", "乡镇", "所在村代码", "所在村", "经度", "纬度", "运行状态", "每周开诊天数",
    "主办单位", "乡村医生数", "村医年龄", "执业(助理)医师数", "全科医生数", "本科全科医生数", "注册护士数", "医师数",
    "床位数", "编制数", "专业技术编制数", "在编人数", "公共卫生医师数", "儿童保健医生数", "专职儿童保健医生数",
    "中医医师数", "上级下派人员数", "房屋产权", "业务用房性质", "业务用房面积(m2)", "服务能力标准", "一体化管理",
    "医保定点", "远程医疗", "信息系统", "CT排数", "设备",
    "中医适宜技术", "可诊治病种", "年诊疗人次", "中医馆", "特色科室", "智慧化", "备注",
)  # fmt: skip
"""Headers of facilities.csv; which column each stands for is in headers.toml."""

TECHNIQUES: Final = ("针刺", "艾灸", "拔罐", "推拿", "刮痧", "穴位贴敷", "中药熏洗", "耳穴压豆")
DISEASES: Final = (
    "上呼吸道感染",
    "高血压",
    "2型糖尿病",
    "急性胃肠炎",
    "慢性支气管炎",
    "腰椎间盘突出",
    "骨关节炎",
    "湿疹",
    "尿路感染",
    "慢性胃炎",
)
EQUIPMENT: Final = ("诊察床", "血压计", "血糖仪", "心电图机", "观察床", "AED", "医保结算终端", "制氧机")
HOSPITAL_EQUIPMENT: Final = ("DR", "彩超", "全自动生化分析仪", "心电图机", "救护车", "AED", "医保结算终端")
OLD_DOCTOR: Final = 69
Row = dict[str, str]


def describe_sites(sites: list[Site], units: Units, seed: int) -> list[Row]:
    """Return one row a facility, without its position; unknown cells are empty."""
    random = np.random.default_rng([seed, 12])
    rows = [_describe(site, number, units, random) for number, site in enumerate(sites)]
    _plant_cases(sites, rows)
    return rows


def _describe(site: Site, number: int, units: Units, random: np.random.Generator) -> Row:
    row = dict.fromkeys(HEADERS, "")
    row |= {
        "机构代码": f"SL{number + 1:05d}",
        "机构名称": site.name,
        "机构类别": word(f"general.tier.{site.tier}", "zh"),
        "乡镇": TOWNSHIPS[site.township] if site.township >= 0 else "邻县",
        "运行状态": "正常运行" if site.operating else "停诊",
    }
    if site.unit >= 0:
        row["所在村"] = str(units.name[site.unit])
        row["所在村代码"] = "" if random.random() < 0.12 else str(units.code[site.unit])
    people = int(units.people[site.unit]) if site.unit >= 0 else 600
    row |= _DESCRIBERS.get(site.tier, _describe_small)(people, random)
    return row


def _describe_hospital(people: int, random: np.random.Generator) -> Row:
    posts = int(random.integers(28, 62))
    filled = round(posts * random.uniform(0.78, 0.98))
    doctors = round(filled * random.uniform(0.34, 0.44))
    level = ("基本", "基本", "推荐", "推荐", "社区医院或二级")[int(random.integers(5))]
    skilled = level != "基本"
    del people
    return {
        **_staff(posts, filled, doctors, random),
        "每周开诊天数": "7", "主办单位": "其他", "床位数": str(int(random.integers(20, 90))), "房屋产权": "公有",
        "业务用房性质": "公有", "业务用房面积(m2)": str(int(random.integers(1_400, 6_500))), "服务能力标准": level,
        "一体化管理": "是", "医保定点": "是", "远程医疗": "是", "信息系统": "是", "CT排数": "16" if skilled else "",
        "设备": "、".join(HOSPITAL_EQUIPMENT[: int(random.integers(5, 8))]),
        "中医适宜技术": "、".join(TECHNIQUES[: int(random.integers(5, 9))]),
        "可诊治病种": "、".join(DISEASES[: int(random.integers(7, 11))]),
        "年诊疗人次": str(int(random.integers(14_000, 88_000))), "中医馆": _yes(random, 0.75),
        "特色科室": _yes(random, 0.8), "智慧化": "是",
    }  # fmt: skip


def _staff(posts: int, filled: int, doctors: int, random: np.random.Generator) -> Row:
    general = max(2, round(doctors * 0.45))
    return {
        "编制数": str(posts), "专业技术编制数": str(round(posts * random.uniform(0.86, 0.96))), "在编人数": str(filled),
        "医师数": str(doctors), "执业(助理)医师数": str(doctors), "全科医生数": str(general),
        "本科全科医生数": str(int(random.integers(1, general + 1))), "注册护士数": str(round(filled * 0.36)),
        "公共卫生医师数": str(int(random.integers(1, 5))), "儿童保健医生数": str(int(random.integers(1, 4))),
        "专职儿童保健医生数": str(int(random.integers(0, 2))), "中医医师数": str(int(random.integers(1, 6))),
        "上级下派人员数": str(int(random.integers(0, 4))),
    }  # fmt: skip


def _describe_county(people: int, random: np.random.Generator) -> Row:
    row = _describe_hospital(people, random)
    posts = int(random.integers(320, 680))
    return row | _staff(posts, round(posts * 0.93), round(posts * 0.36), random) | {
        "床位数": str(int(random.integers(220, 620))), "CT排数": "64", "服务能力标准": "社区医院或二级",
        "业务用房面积(m2)": str(int(random.integers(18_000, 60_000))),
        "年诊疗人次": str(int(random.integers(180_000, 620_000))),
    }  # fmt: skip


def _describe_station(people: int, random: np.random.Generator) -> Row:
    doctors = int(random.integers(1, 4))
    del people
    return {
        "每周开诊天数": str(int(random.integers(6, 8))), "主办单位": "乡镇卫生院设点", "执业(助理)医师数": str(doctors),
        "乡村医生数": "1", "村医年龄": str(int(random.integers(30, 58))),
        "医师数": str(doctors), "全科医生数": "1", "注册护士数": str(doctors), "房屋产权": "公有",
        "业务用房性质": "公有",
        "业务用房面积(m2)": str(int(random.integers(110, 320))), "一体化管理": "是", "医保定点": "是",
        "远程医疗": _yes(random, 0.7),
        "信息系统": "是", "设备": "、".join(EQUIPMENT[: int(random.integers(5, 9))]),
        "中医适宜技术": "、".join(TECHNIQUES[: int(random.integers(3, 7))]),
        "可诊治病种": "、".join(DISEASES[: int(random.integers(4, 9))]),
        "年诊疗人次": str(int(random.integers(3_000, 12_000))),
        "智慧化": _yes(random, 0.6),
    }  # fmt: skip


def _describe_clinic(people: int, random: np.random.Generator) -> Row:
    doctors = 2 if people > 1_100 and random.random() < 0.7 else 1
    ages = [int(random.normal(56, 8)) for _ in range(doctors)]
    private = random.random() < 0.13
    premises = (
        "村医家中"
        if private and random.random() < 0.6
        else ("租用" if private else ("村集体", "公有")[int(random.random() < 0.3)])
    )
    return {
        "每周开诊天数": str(int(random.choice([3, 5, 5, 6, 6, 7]))),
        "主办单位": ("村办", "乡镇卫生院设点", "乡镇卫生院设点", "联合办", "私人办")[int(random.integers(5))],
        "乡村医生数": str(doctors), "村医年龄": ";".join(str(min(max(age, 29), 68)) for age in ages),
        "执业(助理)医师数": str(int(random.random() < 0.42)), "注册护士数": str(int(random.random() < 0.15)),
        "房屋产权": "私有" if private else "公有", "业务用房性质": premises,
        "业务用房面积(m2)": str(int(random.integers(38, 130))), "一体化管理": _yes(random, 0.85),
        "医保定点": _yes(random, 0.86),
        "远程医疗": _yes(random, 0.3), "信息系统": _yes(random, 0.82),
        "设备": "、".join(EQUIPMENT[: int(random.integers(3, 8))]),
        "中医适宜技术": "、".join(TECHNIQUES[: int(random.integers(2, 7))]),
        "可诊治病种": "、".join(DISEASES[: int(random.integers(2, 7))]),
        "年诊疗人次": str(int(people * random.uniform(1.1, 4.2))), "智慧化": _yes(random, 0.25),
    }  # fmt: skip


def _describe_small(people: int, random: np.random.Generator) -> Row:
    del people
    return {"每周开诊天数": str(int(random.integers(1, 6))), "业务用房面积(m2)": str(int(random.integers(15, 90)))}


def _yes(random: np.random.Generator, share: float) -> str:
    """Return yes, no or, one time in thirty, an empty cell."""
    if random.random() < 1 / 30:
        return ""
    return "是" if random.random() < share else "否"


_DESCRIBERS: Final[dict[str, Callable[[int, np.random.Generator], Row]]] = {
    "county_medical_centre": _describe_county, "county_hospital": _describe_county, "sub_centre": _describe_hospital,
    "central_township_hospital": _describe_hospital, "township_hospital": _describe_hospital,
    "community_centre": _describe_hospital, "community_station": _describe_station, "central_clinic": _describe_clinic,
    "village_clinic": _describe_clinic,
}  # fmt: skip


def _plant_cases(sites: list[Site], rows: list[Row]) -> None:
    """Write the cases of a register that planners look for: no doctor, one very old, a home, no known state."""
    clinics = [number for number, site in enumerate(sites) if site.tier == "village_clinic" and site.township >= 0]
    idle = [number for number in clinics if not sites[number].operating]
    for number, state in zip(
        idle, ("停诊", "有室无医", "有室无医", "挂牌未营业", "停诊", "注销", "挂牌未营业"), strict=False
    ):
        rows[number]["运行状态"] = state
        rows[number]["年诊疗人次"] = "0" if state != "停诊" else ""
        if state in {"有室无医", "挂牌未营业", "注销"}:
            rows[number] |= {"乡村医生数": "0", "村医年龄": "", "执业(助理)医师数": "0"}
    working = [number for number in clinics if sites[number].operating and rows[number]["乡村医生数"] == "1"]
    rows[working[5]] |= {"村医年龄": str(OLD_DOCTOR), "执业(助理)医师数": "0", "备注": "唯一村医69岁"}
    rows[working[11]] |= {"房屋产权": "私有", "业务用房性质": "村医家中"}
    for number in working[20:23]:
        rows[number]["运行状态"] = ""


__all__ = ["HEADERS", "Row", "describe_sites"]
