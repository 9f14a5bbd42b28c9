"""Names: what two registers write alike reduces to the same, and what they tell apart stays apart."""

from pathlib import Path

import pytest

from clinicplan.check.place_names import (
    NameForm,
    clinic_forms,
    plain_text,
    same_name_key,
    township_core,
    township_in,
    township_named,
    village_form,
)

SHARED = Path(__file__).resolve().parents[2] / "shared"
REGISTER = SHARED / "data" / "cn-villages-2023" / "villages_2023.csv"


@pytest.mark.parametrize(
    ("name", "core", "unit"),
    [
        ("后岸村委会", "后岸", "village"),
        ("后岸村村民委员会", "后岸", "village"),
        ("后岸", "后岸", ""),
        ("镜岭居委会", "镜岭", "community"),
        ("德露苑社区居委会", "德露苑", "community"),
        ("信地（畲族）村委会", "信地", "village"),
        ("中心村委会", "中心", "village"),
        ("新居村委会", "新居", "village"),
        ("村委会", "", ""),
        ("小将林场管理区", "小将林场管理区", ""),
    ],
)
def test_village_names_lose_their_committee_and_keep_their_unit(name, core, unit):
    form = village_form(name)
    assert form.core == core
    if core:
        assert form.unit == unit


@pytest.mark.parametrize(
    ("name", "township"),
    [
        ("后岸村卫生室", ""),
        ("后岸卫生室", ""),
        ("后岸村第一卫生室", ""),
        ("后岸村第二村卫生室", ""),
        ("后岸村卫生室（二）", ""),
        ("后岸村卫生室 2", ""),
        ("后岸村1号卫生室", ""),
        ("后岸中心村卫生室", ""),
        ("后岸村标准化卫生室", ""),
        ("后岸村卫生所", ""),
        ("后岸村卫生室服务点", ""),
        ("儒岙镇后岸村卫生室", "儒岙镇"),
        ("新昌县儒岙镇后岸村卫生室", "儒岙镇"),
        ("儒岙后岸村卫生室", "儒岙镇"),
        ("儒岙镇中心卫生院后岸村卫生室", "儒岙镇"),
        ("后岸村卫生室", "儒岙镇"),
    ],
)
def test_every_usual_way_of_naming_a_clinic_leads_to_its_village(name, township):
    assert "后岸" in [form.core for form in clinic_forms(name, township)]


def test_a_clinic_says_village_or_community_where_its_name_does():
    assert clinic_forms("镜岭村卫生室")[0] == NameForm("镜岭", "village")
    assert clinic_forms("镜岭社区卫生服务站")[0] == NameForm("镜岭", "community")
    assert clinic_forms("镜岭卫生室")[0] == NameForm("镜岭", "")


def test_the_strictest_form_comes_first():
    assert [form.core for form in clinic_forms("后岸一村卫生室")] == ["后岸一"]
    assert [form.core for form in clinic_forms("金融中心社区卫生服务站")] == ["金融中心", "金融"]


@pytest.mark.parametrize("name", ["卫生室", "村卫生室", "", "　", "第一卫生室"])
def test_a_name_of_general_words_names_no_village(name):
    assert all("村" not in form.core for form in clinic_forms(name))
    assert same_name_key("村卫生室") == ""


def test_a_village_called_like_its_township_keeps_its_name():
    assert [form.core for form in clinic_forms("镜岭村卫生室", "镜岭镇")] == ["镜岭"]
    assert [form.core for form in clinic_forms("东村卫生室", "东村镇")] == ["东"]


def test_townships_are_recognised_however_they_are_written():
    known = ["羽林街道", "儒岙镇", "赤土畲族乡"]
    written = ["羽林街道办事处", "羽林", "新昌县羽林街道", "儒岙镇人民政府", "绍兴市新昌县儒岙镇", "赤土"]
    assert [township_named(text, known) for text in written] == [
        "羽林街道",
        "羽林街道",
        "羽林街道",
        "儒岙镇",
        "儒岙镇",
        "赤土畲族乡",
    ]
    assert township_named("沙溪镇", known) == ""


def test_a_short_township_that_fits_two_is_no_answer():
    assert township_named("城关", ["城关镇", "城关乡"]) == ""
    assert township_named("城关镇", ["城关镇", "城关乡"]) == "城关镇"


def test_a_township_counts_only_at_the_front_of_a_clinics_name():
    known = ["儒岙镇", "沃洲镇"]
    assert township_in("新昌县沃洲镇后岸村卫生室", known) == "沃洲镇"
    assert township_in("老儒岙镇旁卫生室", known) == ""


def test_plain_text_folds_width_case_and_brackets():
    assert plain_text("Ａ村　（Ｂ）·卫生室") == "a村卫生室"
    assert plain_text("（一）") == "(一)"
    assert township_core("羽林街道办事处") == "羽林"


@pytest.mark.skipif(not REGISTER.exists(), reason="the register of villages in shared is absent")
def test_in_five_real_counties_no_two_units_of_a_township_reduce_to_the_same_form():
    """10,473 real units: cores repeat (a village and a community of one name), core with unit never does."""
    import pandas as pd

    register = pd.read_csv(REGISTER, dtype=str)
    forms = [village_form(name) for name in register["village"]]
    keys = pd.DataFrame(
        {"town": register["town_code"], "core": [f.core for f in forms], "unit": [f.unit for f in forms]}
    )
    assert not keys.duplicated().any()
    assert keys.duplicated(["town", "core"]).sum() == 71
    assert (keys["core"] == "").sum() <= 1


@pytest.mark.skipif(not REGISTER.exists(), reason="the register of villages in shared is absent")
def test_clinics_named_after_real_villages_lead_back_to_them():
    """Four ways of naming the clinic of each of 10,473 units; all but names that repeat the township's come back."""
    import pandas as pd

    register = pd.read_csv(REGISTER, dtype=str).sample(1500, random_state=1)
    ways = (
        "{village}卫生室",
        "{town}{village}第二卫生室",
        "{county}{town}{village}卫生室",
        "{town}中心卫生院{village}卫生室",
    )
    lost = 0
    for row in register.itertuples():
        form = village_form(row.village)
        name = form.core + {"village": "村", "community": "社区"}.get(form.unit, "")
        for way in ways:
            named = way.format(village=name, town=row.town, county=row.county)
            lost += form.core not in [item.core for item in clinic_forms(named, row.town)]
    assert lost <= 0.005 * len(ways) * len(register)
