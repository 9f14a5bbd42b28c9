"""Location models asked of a county: every plan holds, and agrees with enumeration and with the other models.

Two counties: the sample (231 villages), where models are held against each other, and the drawn one of `county.py`
(fifteen villages), where every choice of sites is tried.
"""

import copy
import itertools
import json
import re
import tomllib
from dataclasses import replace
from math import comb

import numpy as np
import pytest

from clinicplan.county import read_county
from clinicplan.errors import InfeasibleError, SitingError
from clinicplan.plan import county_circles
from clinicplan.region import region_from_table
from clinicplan.sample import write_sample
from clinicplan.siting.check import check_plan
from clinicplan.siting.county import plan_county
from clinicplan.siting.county_question import county_question, home_problem, site_distances
from clinicplan.siting.merge.ground import siting_ground
from clinicplan.standard import Standard
from county import draw_county, write_county
from line_county import line_county

ROOM = 40_000.0
QUICK = {
    "merge": {},
    "set_cover": {},
    "multi_cover": {"times": 2},
    "backup_cover": {},
    "max_cover": {"p": 10},
    "partial_cover": {"target_share": 0.9},
    "p_median": {"p": 20},
    "p_center": {"p": 20},
    "p_dispersion": {"p": 10},
    "sub_centres": {},
    "quota": {"quota": {"name": "采血点", "tiers": ["township_hospital"], "count": 2}},
}
SLOW = {
    "capacitated_p_median": {"p": 29, "capacity_people": 12_000.0},
    "capacitated_facility_location": {"capacity_people": 12_000.0},
}


class World:
    """A county read once, asked many things."""

    def __init__(self, file):
        self.file = file
        self.table = tomllib.loads(file.read_text(encoding="utf-8"))
        self.county = read_county(region_from_table(self.table, file))
        self.circles = county_circles(self.county)

    def within(self, minutes):
        """Return the same county with another standard."""
        other = copy.copy(self)
        other.county = replace(self.county, standard=Standard.from_minutes(minutes, (15, 20)))
        other.circles = county_circles(other.county)
        return other

    def under(self, **siting):
        """Return the county with keys of `[siting]` changed."""
        table = {**self.table, "siting": {**self.table.get("siting", {}), **siting}}
        region = region_from_table(table, self.file)
        return replace(self.county, region=region)

    def plan(self, **siting):
        """Return the plan, every check of which holds."""
        county = self.under(**siting)
        proposal = plan_county(county, self.circles)
        checks = check_plan(county, self.circles, proposal.to_json("en"))
        assert [(item.rule, item.detail.en) for item in checks if not item.holds] == []
        return proposal

    def value(self, **siting):
        """Return the value of the first objective."""
        return self.plan(**siting).objectives[0].value


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return World(folder / "region.toml")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return World(write_county(draw_county(), tmp_path_factory.mktemp("drawn")))


# --- every model on the sample ----------------------------------------------------------------------------------------


def told(proposal):
    """Hold a plan to what every plan must have: JSON without NaN, a reason a site in both languages, money, notes."""
    zh, en = (json.loads(json.dumps(proposal.to_json(lang), allow_nan=False)) for lang in ("zh", "en"))
    assert set(zh) == {
        "model", "status", "objectives", "bound", "gap", "engine", "villages", "sites", "sub_centres", "quotas",
        "costs", "alternatives", "checks", "notes",
    }  # fmt: skip
    for site, other in zip(zh["sites"], en["sites"], strict=True):
        assert site["why"]
        assert other["why"]
        assert "{" not in site["why"] + other["why"]
        assert {key: value for key, value in site.items() if key != "why"} == {
            key: value for key, value in other.items() if key != "why"
        }
    assert zh["objectives"]
    assert len(zh["notes"]) == len(en["notes"])


@pytest.mark.parametrize("model", [name for name in QUICK if name != "multi_cover"])
def test_every_model_gives_the_sample_a_plan_that_holds_and_is_proven(sample, model):
    proposal = sample.plan(model=model, **QUICK[model])
    told(proposal)
    assert proposal.status == "optimal"
    assert proposal.gap == 0


@pytest.mark.slow
@pytest.mark.parametrize("model", SLOW)
def test_capacitated_models_give_the_sample_a_plan_that_holds(sample, model):
    proposal = sample.plan(model=model, time_limit_s=30.0, **SLOW[model])
    told(proposal)
    assert proposal.gap < 0.2


def test_covering_twice_names_the_villages_where_it_cannot_be(sample):
    """Every village with a home that one site covers, or none; the one without any road apart from the others."""
    ground = siting_ground(sample.under(model="set_cover"), sample.circles)
    question = county_question(ground)
    problem = home_problem(question)
    count = np.diff(problem.cost[:, np.flatnonzero(question.most)].tocsr().indptr)
    short = np.unique(ground.home_village[question.asked_homes][count < 2])
    with pytest.raises(InfeasibleError) as caught:
        sample.plan(model="multi_cover", times=2)
    assert [item.code for item in caught.value.faults] == ["unreached_times", "no_way_times"]
    far, alone = caught.value.faults
    assert sorted((*far.ids, *alone.ids)) == sorted(ground.villages["village_id"].astype(str).iloc[short])
    unreached = np.flatnonzero(ground.today_ms < 0)
    assert alone.ids == tuple(ground.villages["village_id"].astype(str).iloc[unreached])
    assert "suffices for all" in far.remedy.en


def minutes_offered(sample):
    """Return the standard with which one site covers every village as a whole: two villages are wider than 20 min."""
    with pytest.raises(InfeasibleError) as caught:
        sample.plan(model="capacitated_cover", capacity_people=ROOM)
    (item,) = caught.value.faults
    assert item.code == "unreached_whole"
    return float(re.search(r"standard to the values shown \(([\d.]+) min", item.remedy.en).group(1))


def test_whole_villages_are_covered_with_room_once_the_standard_reaches_them(sample):
    wide = sample.within(minutes_offered(sample))
    told(wide.plan(model="capacitated_cover", capacity_people=ROOM))


@pytest.mark.slow
def test_a_tenth_of_a_minute_less_is_not_enough_and_a_center_is_within_what_is(sample):
    """With room for all, the sites of the capacitated cover leave no village beyond the standard."""
    minutes = minutes_offered(sample)
    wide = sample.within(minutes)
    fewest = wide.value(model="capacitated_cover", capacity_people=10_000_000.0)
    assert wide.value(model="p_center", p=fewest) <= minutes * 60_000
    with pytest.raises(InfeasibleError):
        sample.within(round(minutes - 0.1, 1)).plan(model="capacitated_cover", capacity_people=ROOM)


def test_as_many_sites_as_a_cover_needs_cover_everybody_and_one_less_does_not(sample):
    cover = sample.plan(model="set_cover")
    fewest = cover.objectives[0].value
    listed = {item.village_id for item in cover.villages}
    homes = sample.circles.homes
    ids = sample.circles.villages["village_id"].astype(str).to_numpy()
    people = int(homes.people[np.isin(ids[homes.village], list(listed))].sum())
    assert sample.value(model="max_cover", p=fewest, budget={"build_cny": 0.0}) == people
    assert sample.value(model="max_cover", p=fewest - 1, budget={"build_cny": 0.0}) < people
    assert sample.value(model="partial_cover", target_share=1.0) == fewest
    assert sample.plan(model="backup_cover").objectives[0].value == fewest


def test_a_share_reached_by_p_sites_needs_no_more_than_p(sample):
    people = sample.value(model="max_cover", p=8)
    cover = sample.plan(model="set_cover")
    every = sample.value(model="max_cover", p=cover.objectives[0].value)
    assert sample.value(model="partial_cover", target_share=people / every) <= 8


@pytest.mark.slow
def test_no_choice_of_as_many_sites_beats_the_median_or_the_spread(sample):
    """The p-center's own sites, valued as the other two models value theirs."""
    centre = sample.plan(model="p_center", p=6)
    county = sample.under(model="p_median", p=6)
    ground = siting_ground(county, sample.circles)
    names = {name: row for row, name in enumerate(ground.sites.site_id)}
    rows = np.array(sorted(names[site.site_id] for site in centre.sites if site.action in {"keep", "build"}))
    person = county_question(ground).ways(rows).person_ms.astype(float)
    person[person < 0] = np.inf
    assert sample.value(model="p_median", p=6) <= person.min(axis=1).sum()
    apart = site_distances(ground)[np.ix_(rows, rows)][np.triu_indices(6, 1)]
    assert sample.value(model="p_dispersion", p=6) >= apart.min()


@pytest.mark.slow
def test_with_room_for_all_the_capacitated_median_is_the_median(sample):
    median = sample.value(model="p_median", p=20)
    assert sample.value(model="capacitated_p_median", p=20, capacity_people=10_000_000.0) == median


# --- every choice of sites in the drawn county ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables(drawn):
    """Ways and covers of the drawn county as plain arrays."""
    ground = siting_ground(drawn.under(model="set_cover"), drawn.circles)
    question = county_question(ground)
    problem = home_problem(question)
    ways = question.ways()
    return {
        "reach": np.isin(np.arange(problem.n_points * problem.n_sites), flat_entries(problem)).reshape(
            problem.n_points, problem.n_sites
        ),
        "people": problem.demand,
        "mean": np.where(ways.mean_ms < 0, np.inf, ways.mean_ms),
        "person": np.where(ways.person_ms < 0, np.inf, ways.person_ms),
        "apart": site_distances(ground),
        "residents": ground.people,
    }


def flat_entries(problem):
    row = np.repeat(np.arange(problem.n_points), np.diff(problem.cost.indptr))
    return row * problem.n_sites + problem.cost.indices


def choices(tables, p):
    n = tables["mean"].shape[1]
    assert comb(n, p) < 20_000
    return [np.array(chosen) for chosen in itertools.combinations(range(n), p)]


@pytest.mark.parametrize("p", [2, 3, 4])
def test_p_sites_are_the_best_of_all_choices(drawn, tables, p):
    every = choices(tables, p)
    covered = max(int(tables["people"][tables["reach"][:, chosen].any(axis=1)].sum()) for chosen in every)
    median = min(tables["person"][:, chosen].min(axis=1).sum() for chosen in every)
    centre = min(tables["mean"][:, chosen].min(axis=1).max() for chosen in every)
    spread = max(tables["apart"][np.ix_(chosen, chosen)][np.triu_indices(p, 1)].min() for chosen in every)
    assert drawn.value(model="max_cover", p=p) == covered
    assert drawn.value(model="p_median", p=p) == median
    assert drawn.value(model="p_center", p=p) == centre
    assert drawn.value(model="p_dispersion", p=p) == spread


def test_the_fewest_sites_cover_all_and_most_people_twice(drawn, tables):
    """Every set of as many sites as the cover has, and none of one less, is tried."""
    plan = drawn.plan(model="backup_cover")
    fewest, twice = (item.value for item in plan.objectives)
    reach = tables["reach"]
    assert not any(reach[:, chosen].any(axis=1).all() for chosen in choices(tables, fewest - 1))
    full = [chosen for chosen in choices(tables, fewest) if reach[:, chosen].any(axis=1).all()]
    assert full
    assert twice == max(int(tables["people"][reach[:, chosen].sum(axis=1) >= 2].sum()) for chosen in full)
    assert drawn.value(model="set_cover") == fewest


def test_the_capacitated_median_is_the_best_of_all_choices(drawn, tables):
    """Each of the 2 to the power of 15 ways to send whole villages to two sites, for every two sites."""
    people, person = tables["residents"], tables["person"]
    second = (np.arange(2**people.size)[:, None] >> np.arange(people.size)) & 1
    load = second @ people
    room = 2700
    fits = second[(load <= room) & (people.sum() - load <= room)]
    assert fits.size
    least = min(
        (person[:, one].sum() + fits @ (person[:, other] - person[:, one])).min()
        for one, other in itertools.combinations(range(person.shape[1]), 2)
    )
    assert drawn.value(model="capacitated_p_median", p=2, capacity_people=float(room)) == least


# --- reasons ----------------------------------------------------------------------------------------------------------


def test_a_reason_says_whom_the_circle_loses_without_the_site(drawn, tables):
    plan = drawn.plan(model="set_cover")
    ground = siting_ground(drawn.under(model="set_cover"), drawn.circles)
    names = {name: row for row, name in enumerate(ground.sites.site_id)}
    opened = [names[site.site_id] for site in plan.sites if site.action in {"keep", "build"}]
    for site in plan.sites:
        if site.action not in {"keep", "build"}:
            continue
        others = [row for row in opened if row != names[site.site_id]]
        lost = int(tables["people"][~tables["reach"][:, others].any(axis=1)].sum())
        assert f"{lost:,}人超出5分钟" in site.why.zh
        assert f"Without it {lost:,} people" in site.why.en


def test_the_next_best_of_a_median_is_the_best_exchange(drawn, tables):
    plan = drawn.plan(model="p_median", p=3)
    names = {name: row for row, name in enumerate(siting_ground(drawn.under(), drawn.circles).sites.site_id)}
    opened = [names[site.site_id] for site in plan.sites if site.action in {"keep", "build"}]
    value = tables["person"][:, opened].min(axis=1).sum()
    for site in plan.sites:
        if site.action not in {"keep", "build"}:
            continue
        rest = [row for row in opened if row != names[site.site_id]]
        swaps = [[*rest, row] for row in range(tables["person"].shape[1]) if row not in opened]
        more = min(tables["person"][:, chosen].min(axis=1).sum() for chosen in swaps) - value
        assert f"合计多{more / 60_000:,.0f}人·分钟。" in site.why.zh


# --- what is told, and what is refused --------------------------------------------------------------------------------


def test_a_plan_says_which_settings_its_model_does_not_heed(drawn):
    plan = drawn.plan(model="set_cover", max_changes=3, budget={"build_cny": 5.0})
    (note,) = [item for item in plan.notes if item.code == "unheeded"]
    assert "max_changes, budget.build_cny" in note.found.en
    assert not [item for item in drawn.plan(model="max_cover", p=2).notes if item.code == "unheeded"]


def test_minutes_that_look_like_seconds_are_doubted(drawn):
    (note,) = [item for item in drawn.plan(max_minutes_lost=600.0).notes if item.code == "like_seconds"]
    assert "siting.max_minutes_lost = 600" in note.found.en
    assert "60" in note.remedy.en


def test_nobody_living_in_a_village_is_told():
    world = line_county({"model": "p_median", "p": 1}, people={"V1": (10, 1000), "V2": (20, 0)})
    proposal = plan_county(*world)
    assert [item.ids for item in proposal.notes if item.code == "no_people"] == [("V2",)]


@pytest.mark.parametrize(
    ("siting", "codes"),
    [
        ({"model": "p_median"}, ["lacks"]),
        ({"model": "capacitated_p_median"}, ["lacks", "lacks"]),
        ({"model": "max_cover"}, ["lacks"]),
        ({"model": "partial_cover"}, ["lacks"]),
        ({"model": "p_median", "p": 0}, ["p_range"]),
        ({"model": "p_center", "p": 99}, ["p_range"]),
        ({"model": "p_dispersion", "p": 1}, ["two_sites"]),
        ({"model": "capacitated_cover", "capacity_people": 900.0, "split": True}, ["split"]),
        ({"model": "set_cover", "keep": ["X1"], "forbid": ["X2", "X3"], "lock": ["X4"]}, [
            "unknown_keep", "unknown_forbid", "unknown_lock",
        ]),
        ({"keep": ["H01", "330624201203"]}, ["not_a_site"]),
        ({"doctors": {"least_per_1000": 2.0, "most_per_1000": 1.0}}, ["ratio_range"]),
    ],
)  # fmt: skip
def test_a_question_that_is_not_well_posed_is_refused_with_all_its_faults(drawn, siting, codes):
    with pytest.raises(SitingError) as caught:
        drawn.plan(**siting)
    assert not isinstance(caught.value, InfeasibleError)
    assert [item.code for item in caught.value.faults] == codes
    for item in caught.value.faults:
        assert item.file == "region.toml"
        assert item.remedy.zh
        assert item.remedy.en


def test_a_village_with_several_places_must_be_kept_by_one_of_them():
    """V1 has candidates K1 and K2: keeping V1 does not say which, keeping K2 does."""
    from geopandas import GeoDataFrame

    asked = {"model": "p_median", "p": 2}
    county, circles = line_county({**asked, "keep": ["V1"]})
    first = county.layers.villages.geometry.iloc[0]
    rows = {"candidate_id": ["K1", "K2"], "village_id": ["V1", "V1"], "name": ["K1", "K2"]}
    places = GeoDataFrame(rows, geometry=[first, first], crs=county.layers.crs)
    county = replace(county, layers=replace(county.layers, candidates=places))
    with pytest.raises(SitingError) as caught:
        plan_county(county, circles)
    (item,) = caught.value.faults
    assert (item.code, item.ids) == ("keep_which", ("V1",))
    assert "K1, K2" in item.found.en
    region = county.region.model_copy(update={"siting": county.region.siting.model_copy(update={"keep": ("K2",)})})
    assert "K2" in {site.site_id for site in plan_county(replace(county, region=region), circles).sites}


# --- no plan ----------------------------------------------------------------------------------------------------------


def test_villages_with_separate_reach_prove_that_p_sites_are_too_few(drawn, tables):
    """The named homes share no site pair by pair; the p that is offered works and one less does not."""
    with pytest.raises(InfeasibleError) as caught:
        drawn.plan(model="set_cover", p=3)
    (item,) = caught.value.faults
    assert item.code == "too_few_sites"
    fewest = drawn.value(model="set_cover")
    assert f"Raise p to {fewest}," in item.remedy.en
    most = drawn.value(model="max_cover", p=3)
    assert f"3 site(s) cover {most:,} of {int(tables['people'].sum()):,} people" in item.allowed.en
    assert drawn.value(model="set_cover", p=fewest) == fewest
    with pytest.raises(InfeasibleError):
        drawn.plan(model="set_cover", p=fewest - 1)


def test_separate_roads_prove_that_one_median_is_too_few():
    """The road is cut at kilometre 25: villages on either side share no site."""
    county, circles = line_county({"model": "p_median", "p": 1}, cut_km=25)
    with pytest.raises(InfeasibleError) as caught:
        plan_county(county, circles)
    (item,) = caught.value.faults
    assert (item.code, item.file) == ("separate_reach", "region.toml")
    assert "2" in item.allowed.en
    region = county.region.model_copy(update={"siting": county.region.siting.model_copy(update={"p": 2})})
    assert plan_county(replace(county, region=region), circles).objectives[0].value > 0


def test_a_village_without_any_way_is_named():
    """V4 may not have a site of its own, and the road to the others is cut."""
    for siting in ({"model": "p_median", "p": 1}, {"model": "set_cover"}):
        county, circles = line_county(
            {**siting, "forbid": ["V4"]}, facilities=[{"facility_id": "A0", "tier": "county_medical_centre", "x_m": 0}],
            cut_km=35, people={"V1": (10, 1000), "V4": (40, 2000)},
        )  # fmt: skip
        with pytest.raises(InfeasibleError) as caught:
            plan_county(county, circles)
        (item,) = caught.value.faults
        assert (item.code, item.ids) == ("no_way", ("V4",))


def test_capacities_too_small_say_what_would_do(drawn):
    with pytest.raises(InfeasibleError) as caught:
        drawn.plan(model="capacitated_p_median", p=3, capacity_people=1000.0)
    (item,) = caught.value.faults
    assert item.file == "region.toml"
    assert "Raise p to 5" in item.remedy.en  # 4,956 people, a thousand a site


def test_a_budget_that_the_sites_to_keep_exceed_says_what_would_do(drawn):
    asked = {"model": "max_cover", "keep": ["330624101205", "330624102201"], "budget": {"build_cny": 100_000.0}}
    with pytest.raises(InfeasibleError) as caught:
        drawn.plan(**asked)
    (item,) = caught.value.faults
    assert "120000" in item.remedy.en
    assert drawn.plan(**{**asked, "budget": {"build_cny": 120_000.0}}).objectives[0].value > 0
