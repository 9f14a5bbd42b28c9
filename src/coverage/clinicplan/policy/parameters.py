"""Fix what each kind of clause may state: one frozen table of parameters a kind.

The field docstrings are the reference page for planners who write a profile of their own.
"""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

from clinicplan.policy.subjects import (
    Amount,
    Condition,
    Count,
    Layer,
    OneOrMore,
    Positive,
    PositiveCount,
    Share,
    Subjects,
    Table,
    Tier,
    VillageKind,
)


class ServiceCircle(Table):
    """`service_circle`: who lives within so many minutes of a fixed facility."""

    minutes: Positive | None = None
    """Minutes the document states; without them the region's own `minutes` or `distance_m` are needed."""
    body_tiers: OneOrMore[Tier]
    """What the document calls the body of the circle."""
    supplement_tiers: tuple[Tier, ...] = ()
    """What it calls the supplement; touring and telemedicine never count as fixed service."""
    kinds: tuple[VillageKind, ...] = ("village",)
    """Whose people are counted."""


class Service(Table):
    """`service`: every village is served in one of the ways the document names."""

    ways: OneOrMore[Literal["own", "shared", "seat", "community"]]
    """Own clinic; clinic shared under the planner's thresholds; township hospital in the village; community institution
    within the region's standard."""
    required_share: Share | None = None
    """Share of villages; none where the document gives a figure to report only."""


class OneVillageOneClinic(Table):
    """`one_village_one_clinic`: a clinic in every administrative village, and the lawful exceptions."""

    shared: bool = True
    """Whether a clinic shared under the planner's thresholds (region file, `siting.merge`) meets the rule."""
    adjacent: bool = False
    """Whether the document lets only adjacent villages share, whatever the planner's thresholds say."""
    fixed_place: bool = False
    """Whether a village that shares must keep a fixed place of service too."""
    seat: bool = True
    """Whether the seat village may be served by its township hospital."""
    exempt_statuses: tuple[Literal["relocated", "urbanised", "planned_relocation"], ...] = ("relocated", "urbanised")
    """Villages of these statuses need no clinic."""


class Merge(Table):
    """`merge`: which villages without a clinic may share a neighbour's."""

    adjacent: bool = False
    """Whether the document lets only adjacent villages share."""


class Exempt(Table):
    """`exempt`: villages that get no clinic but stay in the coverage test."""

    statuses: tuple[Literal["relocated", "urbanised", "planned_relocation"], ...] = ("urbanised",)
    """Which villages."""
    tiers: tuple[Tier, ...] = ("community_centre", "community_station")
    """Community institutions that must cover them."""


class FixedServicePoint(Table):
    """`fixed_service_point`: a village without a clinic of its own keeps a fixed place of service."""

    tiers: tuple[Tier, ...] = ("service_point", "community_station", "community_centre", "township_hospital")
    """What counts as a fixed place in the village."""


class Touring(Table):
    """`touring`: who tours whom, and how long the way is; reported."""

    subjects: Subjects
    """Clinics or villages that are toured."""
    from_tiers: OneOrMore[Tier]
    """Where the touring staff comes from."""
    within_township: bool = True
    """Whether only an institution of the same township counts; otherwise the nearest of the county."""


class Remote(Table):
    """`remote`: telemedicine or an allowance reaches the unit; reported."""

    subjects: OneOrMore[Subjects]
    """Units; their figures are shown one group a line."""
    condition: Condition
    """What shows that it is reached."""


class Spacing(Table):
    """`spacing`: a sub-centre stands outside the seat and far enough from the county medical centre."""

    tiers: tuple[Tier, ...] = ("sub_centre",)
    """What is placed."""
    minimum_m: Positive
    """Least length of the shortest road to the centre, metres, inclusive."""
    outside_urban_area: bool = True
    """Whether it must stand outside the urban area of the county seat."""
    conditions: tuple[Condition, ...] = ()
    """What else each must be, such as its standard."""


class Bracket(Table):
    """A quota for a range of resident people."""

    from_people: Count
    """Least number of residents, inclusive."""
    below_people: PositiveCount | None = None
    """Residents up to but not including this; none for no end."""
    minimum: Count | None = None
    """Least number asked for."""
    maximum: Count | None = None
    """Largest number allowed."""


class QuotaPart(Table):
    """One number that is counted and compared."""

    name: str = ""
    """What is counted, in Chinese."""
    name_en: str = ""
    """What is counted, in English."""
    subjects: Subjects
    """Units that are counted; with `column` its numbers are summed."""
    column: str | None = None
    """A column of numbers to sum over the units, or of lists whose lengths are summed; none counts the units."""
    minimum: Count | None = None
    """Least number, inclusive."""
    maximum: Count | None = None
    """Largest number, inclusive."""
    brackets: tuple[Bracket, ...] = ()
    """Numbers by resident people instead; outside every bracket the document is silent."""
    per_people: PositiveCount | None = None
    """Or one unit for so many residents (the number is people divided by this, rounded up)."""
    per_people_at_most: PositiveCount | None = None
    """With `per_people`, the other end of the range: no more than one unit for so many residents, rounded up."""
    share_of_townships: Share | None = None
    """Per township: share of townships that must have the minimum; none for all."""


class CityTotal(Table):
    """A number of the whole city that no layer of a county counts (model counties): shown only."""

    name: str
    """What it is, in Chinese."""
    name_en: str
    """What it is, in English."""
    number: Count
    """The city's number."""


class Quota(Table):
    """`quota`: so many of something in the county, or in every township."""

    per: Literal["county", "township", "city"] = "county"
    """Where it is counted; a city total is shown only."""
    parts: OneOrMore[QuotaPart]
    """What is counted. All parts must hold unless `any_part`."""
    any_part: bool = False
    """Whether one part is enough (the document says `or`)."""
    county_types: tuple[Literal["县", "市", "区"], ...] = ("县", "市", "区")
    """Types of county the document addresses, by the last character of the name; others are not assessed by it."""
    township_types: tuple[Literal["乡", "镇", "街道"], ...] = ("乡", "镇", "街道")
    """With `per = "township"`: types of township addressed, by the end of the name; all three leave none out."""
    shown: tuple[CityTotal, ...] = ()
    """City totals that no layer counts, shown beside the parts."""


class Ratio(Table):
    """`ratio`: so many per 1,000 residents, or of one per other."""

    level: Literal["county", "township", "facility"]
    """Where the verdict stands: the county's total, or every township or facility."""
    subjects: Subjects
    """Facilities whose numbers are added up."""
    column: str
    """Numerator."""
    over: Literal["residents", "rural_residents", "village_residents", "column"] = "residents"
    """Denominator: residents of the townships; their rural residents; residents of kind `village`; another column."""
    over_column: str | None = None
    """The other column, where `over = "column"`."""
    per: PositiveCount = 1000
    """Denominator unit."""
    low: Amount | None = None
    """Least ratio, inclusive; below fails."""
    high: Amount | None = None
    """Largest ratio."""
    high_fails: bool = False
    """Whether more than `high` fails; otherwise it is a note."""
    floor: Amount | None = None
    """Least number, whatever the ratio gives (20 beds)."""
    cap: Amount | None = None
    """Largest number that is ever asked for (100 beds)."""
    central_cap: Amount | None = None
    """The cap of central township hospitals."""
    townships_with: tuple[Tier, ...] = ()
    """Only residents of townships that have such a facility count."""


class Minimum(Table):
    """`minimum`: every unit has at least so much."""

    subjects: Subjects
    """Units."""
    conditions: OneOrMore[Condition]
    """All must hold."""
    beside: tuple[Condition, ...] = ()
    """Further conditions whose count is shown beside and never fails (upper end of a range, a stricter reading)."""


class SharePart(Table):
    """One share that is measured and compared."""

    name: str = ""
    """What is measured, in Chinese."""
    name_en: str = ""
    """What is measured, in English."""
    subjects: Subjects
    """Units of the denominator."""
    conditions: tuple[Condition, ...] = ()
    """A unit counts when all hold."""
    numerator_tiers: tuple[Tier, ...] = ()
    """With `column`: sum over these tiers only, over the sum over all subjects."""
    column: str | None = None
    """Numerator column, summed (posts, doctors, visits, people), instead of counting units."""
    over_column: str | None = None
    """Denominator column, summed; without it the same `column` over all subjects, or `people`."""
    over_people: bool = False
    """Denominator: residents of the units (villages)."""
    required: Share
    """Share, 0-1."""
    at_most: bool = False
    """Whether the share must be at most `required` (vacant posts) instead of at least."""
    each_unit: bool = False
    """Whether every unit by itself must reach the share (minimums hold per unit) instead of the pooled county."""
    complement: bool = False
    """Whether one minus the ratio is compared (vacant = approved less filled)."""
    deadline: date | None = None
    """Deadline of this part, where parts differ."""


class ShareOf(Table):
    """`share`: so large a part of the units, pooled over the county."""

    parts: OneOrMore[SharePart]
    """All must hold."""


class Item(Table):
    """One thing that must be there."""

    name: str
    """What it is, in Chinese."""
    name_en: str
    """What it is, in English."""
    condition: Condition
    """What shows that it is there."""


class Equipment(Table):
    """`equipment`: every unit has these things."""

    subjects: Subjects
    """Units."""
    items: OneOrMore[Item]
    """Things."""
    served_more_than: Count | None = None
    """Only units that serve more people than this (strictly)."""


class Premises(Table):
    """`premises`: where every unit is housed."""

    subjects: Subjects
    """Units."""
    conditions: OneOrMore[Condition]
    """All must hold."""


class StaffAge(Table):
    """`staff_age`: doctors leave at an age; clinics about to lose their last one."""

    subjects: Subjects
    """Clinics."""
    column: str = "doctor_ages"
    """Ages of the doctors, one number each, at the audit's date."""
    age: PositiveCount
    """A doctor of this age or older leaves."""
    horizons: tuple[Count, ...] = (0, 3, 5)
    """Years ahead for which clinics that lose their last doctor are listed (0: this year)."""


class ReferralChain(Table):
    """`referral_chain`: the steps from the village up and the minutes of each; reported."""

    steps: OneOrMore[tuple[Tier, ...]]
    """Tiers of each step, the lowest first."""


class ClassRule(Table):
    """One class of units."""

    name: str
    """Class, in Chinese."""
    name_en: str
    """Class, in English."""
    any_of: tuple[Condition, ...] = ()
    """A unit is of the class when any holds, or its tier is in `tiers`; the last class takes the rest."""
    tiers: tuple[Tier, ...] = ()
    """Tiers of the class, exactly."""
    limit: Condition | None = None
    """What units of the class may do at most, compared and reported."""


class Classification(Table):
    """`classification`: units in classes; reported."""

    subjects: Subjects
    """Units."""
    classes: OneOrMore[ClassRule]
    """In the order they are tried."""


class VillageClass(Table):
    """`village_class`: villages by development class and what was done for them; reported."""

    column: str = "development_class"
    """Class of the village."""
    class_words: OneOrMore[str]
    """Words of the class that is meant."""
    done: Condition
    """What shows that it was done."""
    target: Count
    """Number of villages."""


class Assignment(Table):
    """`assignment`: every unit has one institution that runs, tours or supports it."""

    subjects: Subjects
    """Units that are assigned."""
    to_tiers: OneOrMore[Tier]
    """Institutions they are assigned to."""
    column: str
    """Column that names the institution (id or name)."""
    by_township: bool = True
    """Whether, without the column, the institution of the unit's township is taken."""
    conditions: tuple[Condition, ...] = ()
    """What else each assigned unit must be (integrated; days a week)."""
    county_column: str | None = None
    """A column of the county hospitals naming the city hospital that supports the county."""


class Rotation(Table):
    """`rotation`: absences that a touring doctor must cover; reported."""

    subjects: Subjects
    """Clinics."""
    column: str = "doctors"
    """Number of people who rotate or train."""
    times_per_year: Amount = 0
    """How often a year each is away."""
    days_per_year: Amount = 0
    """Least days a year each is away."""
    months_away: Amount = 0
    """Least months of one longer absence (full-time training); 0 where the text has none."""
    most_months_away: Amount | None = None
    """Most months of it, where the document gives a range."""
    every_years_low: Amount = 0
    """The longer absence, or the change of post, comes once in so many years at the soonest; 0 where there is none."""
    every_years_high: Amount = 0
    """The same at the latest; equal to `every_years_low` where the text gives one number."""


class CostItem(Table):
    """One amount of money."""

    name: str
    """What it pays for, in Chinese."""
    name_en: str
    """What it pays for, in English."""
    payer: Literal["city", "county", "province", "other"] = "county"
    """Who pays."""
    low_cny: Amount
    """Amount for each unit, yuan (the lower end of a range); 0 where the text gives only a share of a bill."""
    high_cny: Amount | None = None
    """Upper end of a range."""
    refund_share: Share | None = None
    """Share of a bill that is paid back, where the text gives no amount; named, never summed."""
    period: Literal["once", "month", "year"]
    """How often; a month counts twelve times a year."""
    subjects: Subjects | None = None
    """Units paid for; none for what only a plan brings."""
    conditions: tuple[Condition, ...] = ()
    """Units that qualify."""
    times: str | None = None
    """Column of numbers that the amount is multiplied by (doctors); none for once a unit."""
    at_village: tuple[Condition, ...] = ()
    """What must hold of the village that the unit serves (remote; at most 1,000 residents)."""
    action: Literal["build", "upgrade", "convert"] | None = None
    """The action of a plan that is paid for, one a site."""
    action_tiers: tuple[Tier, ...] = ()
    """Tiers of the planned sites that the action counts for; empty for all."""


class Cost(Table):
    """`cost`: what the clause costs a year and once, today and planned; reported."""

    items: tuple[CostItem, ...]
    """Amounts; an empty list where the text gives none."""
    excluded_by: str | None = None
    """Clause whose payment to the same doctor rules this one out."""


Parameters = (
    ServiceCircle | Service | OneVillageOneClinic | Merge | Exempt | FixedServicePoint | Touring | Remote | Spacing
    | Quota | Ratio | Minimum | ShareOf | Equipment | Premises | StaffAge | ReferralChain | Classification
    | VillageClass | Assignment | Rotation | Cost
)  # fmt: skip

PARAMETERS: Final[dict[str, type[Table]]] = {
    "service_circle": ServiceCircle,
    "service": Service,
    "one_village_one_clinic": OneVillageOneClinic,
    "merge": Merge,
    "exempt": Exempt,
    "fixed_service_point": FixedServicePoint,
    "touring": Touring,
    "remote": Remote,
    "spacing": Spacing,
    "quota": Quota,
    "ratio": Ratio,
    "minimum": Minimum,
    "share": ShareOf,
    "equipment": Equipment,
    "premises": Premises,
    "staff_age": StaffAge,
    "referral_chain": ReferralChain,
    "classification": Classification,
    "village_class": VillageClass,
    "assignment": Assignment,
    "rotation": Rotation,
    "cost": Cost,
}
"""The parameters of each kind of clause; a kind is known when it is here."""

__all__ = ["PARAMETERS", "Condition", "Layer", "Parameters", "Subjects", "Table", "Tier"]
