"""Make up place and road names: two or three syllables that sound like the hills, checked against real villages."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

FIRST = "霁砚沅岫篁漱汀芷蕴晗栖昀沁翊岚澹珩岑瑜筠萦浣蘅霭泠岱桁菡峤涧"
SECOND = "溪岙坞岭坪塘畈湾坑潭墩丘源泉桥垄滩冈渡洲"
FRONT = "上下里外前后东西大小新"
TOWNSHIPS = (
    "沅城街道", "砚湖街道", "漱月街道", "芷溪街道", "霁岭镇", "篁坑镇", "岫云镇", "栖霞坪镇", "蕴泉镇", "翊湾镇",
    "澹塘乡", "蘅冈乡",
)  # fmt: skip
"""Made-up names of the twelve townships: four streets, six towns, two townships, in code order."""
NEIGHBOURS = "邻县"
HAMLETS = ("上宅", "下宅", "里塘头", "外塘头", "桥头", "樟树下", "水口", "岭脚", "田央", "后门山")


def village_names(count: int, seed: int) -> list[str]:
    """Return so many different names without an ending.

    Examples
    --------
    >>> len(set(village_names(292, 330624)))
    292
    """
    random = np.random.default_rng([seed, 6])
    pairs = [one + two for one in FIRST for two in SECOND]
    order = random.permutation(len(pairs)).tolist()
    plain = [pairs[number] for number in order]
    fronted = random.random(count) < 0.12
    fronts = random.integers(0, len(FRONT), count).tolist()
    return [FRONT[front] + name if has else name for name, has, front in zip(plain, fronted, fronts, strict=False)]


def former_village_names(count: int, taken: set[str]) -> list[str]:
    """Return names of villages that were merged into others, none of them a name of today."""
    pairs = (one + two for two in reversed(SECOND) for one in reversed(FIRST))
    return [name for name in pairs if f"{name}村" not in taken and f"{name}社区" not in taken][:count]


def road_names(seed: int) -> Iterator[str]:
    """Yield made-up names of roads without an ending, endlessly."""
    random = np.random.default_rng([seed, 7])
    while True:
        yield FIRST[int(random.integers(len(FIRST)))] + SECOND[int(random.integers(len(SECOND)))]
