"""Small merge-and-add questions: one with its answer on paper, random ones, and every plan of them by enumeration.

The enumeration shares nothing with the model but the question: it lists the choices of each village, opens sites
accordingly, and adds up the rules in plain loops.
"""

import itertools
import math
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from clinicplan.siting.merge.question import NO_LIMIT, Limits, MergeQuestion, Money

FEN = 100
MONEY = Money(30_000 * FEN, 5_000 * FEN, 20_000 * FEN, 30_000 * FEN, 15.0)
ORDER = ("people_outside", "people_without_arrangement", "yearly_cost", "person_time", "changes")


def question(villages, sites, arcs=(), covers=None, *, limits=None, homes=None, **more):
    """Make a question from rows.

    villages: (people, township, has_seat, outreach); sites: (village, stands, central); arcs: (village, site, ms).
    homes: (village, people); covers: (home, site); by default a home a village, covered by its own village's sites.
    """
    n, m = len(villages), len(sites)
    homes = [(row, villages[row][0]) for row in range(n)] if homes is None else homes
    covers = (
        [(home, at) for home, (row, _) in enumerate(homes) for at in range(m) if sites[at][0] == row]
        if covers is None
        else covers
    )
    stands = np.array([bool(site[1]) for site in sites], dtype=bool)
    site_village = np.array([site[0] for site in sites], dtype=np.int64)
    people = np.array([row[0] for row in villages], dtype=np.int64)
    has = np.zeros(n, dtype=bool)
    has[site_village[stands]] = True
    coverable = {home for home, _ in covers}
    lost = sum(count for home, (_, count) in enumerate(homes) if home not in coverable)
    base = MergeQuestion(
        village_ids=np.array([f"V{row}" for row in range(n)], dtype=object),
        people=people,
        township=np.array([row[1] for row in villages], dtype=object),
        has_clinic=has,
        outreach=np.array([bool(row[3]) for row in villages], dtype=bool),
        seat_id=np.array(["H" if row[2] else "" for row in villages], dtype=object),
        seat_person_ms=people * 30_000,
        site_ids=np.array([f"S{at}" for at in range(m)], dtype=object),
        site_village=site_village,
        facility_id=np.array([f"F{at}" if stands[at] else "" for at in range(m)], dtype=object),
        stands=stands,
        central=np.array([bool(site[2]) for site in sites], dtype=bool) & stands,
        open_least=np.zeros(m, dtype=bool),
        open_most=np.ones(m, dtype=bool),
        host_least=np.zeros(m, dtype=bool),
        host_most=np.ones(m, dtype=bool),
        build_fen=np.where(stands, 0, 60_000 * FEN),
        own_person_ms=np.array(
            [people[site[0]] * 60_000 * (1 + at % 3) for at, site in enumerate(sites)], dtype=np.int64
        ),
        arc_village=np.array([arc[0] for arc in arcs], dtype=np.int64),
        arc_site=np.array([arc[1] for arc in arcs], dtype=np.int64),
        arc_person_ms=np.array([people[arc[0]] * arc[2] for arc in arcs], dtype=np.int64),
        home_village=np.array([home[0] for home in homes], dtype=np.int64),
        home_people=np.array(
            [count if home in coverable else 0 for home, (_, count) in enumerate(homes)], dtype=np.int64
        ),
        cover_home=np.array([pair[0] for pair in covers], dtype=np.int64),
        cover_site=np.array([pair[1] for pair in covers], dtype=np.int64),
        covers_open=np.ones(m, dtype=bool),
        uncoverable_people=lost,
        near_village=np.zeros(0, dtype=np.int64),
        near_site=np.zeros(0, dtype=np.int64),
        near_needed=np.zeros(n, dtype=bool),
        money=MONEY,
        limits=limits or Limits(),
        outreach_kind="touring",
    )
    return replace(base, **more)


def paper_town(**more):
    """Five villages of one township.

    A (2,000 people) and B (300) have clinics, C (400) and D (1,500) have none, E (200) has the township hospital.
    B may share A (6 min), C may share A (8 min). A new clinic covers its own village and nobody else.

    On paper: A keeps its clinic and is upgraded (30,000 yuan, 2,000 a year over 15 years), B and C share it, D builds
    (60,000; 4,000 a year), E is covered by the hospital. B's clinic becomes a service point (5,000; 333.33 a year), C
    gets one (5,000; 333.33 a year). Two clinics with a doctor each run for 100,000 a year. Yearly cost
    100,000 + 2,000 + 4,000 + 333.33 + 333.33 = 106,666.66 yuan. Changes: upgrade, convert, build: 3.
    """
    villages = [(2000, "T", 0, 0), (300, "T", 0, 0), (400, "T", 0, 0), (1500, "T", 0, 0), (200, "T", 1, 0)]
    sites = [(0, 1, 0), (1, 1, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0)]
    arcs = [(1, 0, 360_000), (2, 0, 480_000)]
    covers = [(0, 0), (1, 0), (1, 1), (2, 0), (2, 2), (3, 3), (4, 0), (4, 4)]
    return question(villages, sites, arcs, covers, **more)


@st.composite
def questions(draw):
    """Draw up to four villages, six sites, some arcs, and limits that bind now and then."""
    n = draw(st.integers(1, 4))
    villages = [
        (
            draw(st.integers(0, 9)) * 100,
            draw(st.sampled_from("TU")),
            draw(st.integers(0, 3)) == 0,
            draw(st.integers(0, 3)) == 0,
        )
        for _ in range(n)
    ]
    m = draw(st.integers(n, min(n + 2, 6)))
    sites = [
        (at if at < n else draw(st.integers(0, n - 1)), draw(st.booleans()), draw(st.booleans())) for at in range(m)
    ]
    pairs = [(row, at) for row in range(n) for at in range(m) if sites[at][0] != row]
    arcs = [(row, at, draw(st.integers(1, 9)) * 60_000) for row, at in pairs if draw(st.booleans())]
    covers = [(row, at) for row in range(n) for at in range(m) if sites[at][0] == row or draw(st.integers(0, 2)) == 0]
    limits = Limits(
        build_fen=draw(st.sampled_from([NO_LIMIT, 0, 60_000 * FEN, 100_000 * FEN])),
        running_fen=draw(st.sampled_from([NO_LIMIT, NO_LIMIT, 100_000 * FEN])),
        doctors_least=draw(st.integers(0, 3)),
        doctors_most=draw(st.sampled_from([NO_LIMIT, NO_LIMIT, 2, 3])),
        changes=draw(st.sampled_from([NO_LIMIT, NO_LIMIT, 1, 2])),
        people_outside=draw(st.sampled_from([NO_LIMIT, NO_LIMIT, 300])),
        guests=draw(st.integers(1, 2)),
    )
    forbidden = np.array([draw(st.integers(0, 7)) == 0 for _ in range(m)])
    required = np.array([draw(st.integers(0, 7)) == 0 for _ in range(m)]) & ~forbidden
    needed = np.array([draw(st.integers(0, 4)) == 0 for _ in range(n)])
    near = [(row, at) for row in range(n) for at in range(m) if needed[row] and draw(st.booleans())]
    return question(
        villages, sites, arcs, covers, limits=limits,
        open_least=required, open_most=~forbidden, host_most=~forbidden,
        covers_open=np.array([draw(st.integers(0, 4)) > 0 for _ in range(m)]),
        near_needed=needed,
        near_village=np.array([pair[0] for pair in near], dtype=np.int64),
        near_site=np.array([pair[1] for pair in near], dtype=np.int64),
        township_least={"T": 1} if draw(st.integers(0, 4)) == 0 and any(row[1] == "T" for row in villages) else {},
        allow_close=draw(st.booleans()),
        complete=draw(st.booleans()),
        point_for_outreach=draw(st.booleans()),
    )  # fmt: skip


def best_by_enumeration(asked):
    """Return the least objectives of any plan in order, None where there is no plan."""
    best = None
    for plan in _plans(asked):
        value = _value(asked, *plan)
        if value is not None and (best is None or value < best):
            best = value
    return best


def _plans(asked):
    n, m = asked.n_villages, asked.n_sites
    options = []
    for row in range(n):
        own = [at for at in range(m) if asked.site_village[at] == row and asked.open_most[at]]
        staying = [at for at in own if asked.stands[at]]
        free = [at for at in own if not asked.stands[at]]
        found = []
        for size in range(len(free) + 1):
            found += [("own", (*staying, *extra)) for extra in itertools.combinations(free, size) if staying or extra]
        found += [("share", arc) for arc in range(asked.arc_village.size) if asked.arc_village[arc] == row]
        found += [("seat", None)] * bool(asked.seat_id[row]) + [("outreach", None)] * bool(asked.outreach[row])
        found += [("none", None)] * bool(not asked.has_clinic[row] and not asked.complete)
        options.append(found)
    for choice in itertools.product(*options):
        opened = {at for kind, what in choice if kind == "own" for at in what}
        lifted = [at for at in opened if not asked.covers_open[at] and not asked.central[at] and asked.host_most[at]]
        for size in range(len(lifted) + 1):
            for extra in itertools.combinations(lifted, size):
                yield choice, opened, set(extra)


def _value(asked, choice, opened, lifted):  # noqa: PLR0911 - one return a rule
    """Return the objectives of a plan, None where it breaks a rule."""
    money, limits = asked.money, asked.limits
    guests = [asked.arc_site[what] for kind, what in choice if kind == "share"]
    hosts = set(guests) | lifted
    if any(at not in opened or not asked.host_most[at] for at in hosts):
        return None
    if any(guests.count(at) > limits.guests for at in hosts):
        return None
    if any(asked.open_least[at] and at not in opened for at in range(asked.n_sites)):
        return None
    for town, least in asked.township_least.items():
        if sum(asked.township[asked.site_village[at]] == town for at in opened) < least:
            return None
    for row, (kind, _) in enumerate(choice):
        if asked.near_needed[row] and kind in ("outreach", "none"):
            pairs = zip(asked.near_village, asked.near_site, strict=True)
            if not any(village == row and at in opened for village, at in pairs):
                return None
    if limits.doctors_least and not opened:
        return None
    doctors = max(len(opened), limits.doctors_least)
    running = len(opened) * money.run + doctors * money.doctor
    one_off = _one_off(asked, choice, opened, hosts)
    serving = {at for at in opened if asked.covers_open[at] or at in hosts or asked.central[at]}
    covered = {home for home, at in zip(asked.cover_home, asked.cover_site, strict=True) if at in serving}
    outside = asked.uncoverable_people + sum(
        int(count) for home, count in enumerate(asked.home_people) if home not in covered
    )
    changes = sum((at in opened) != bool(asked.stands[at]) for at in range(asked.n_sites))
    changes += sum(bool(asked.stands[at] and not asked.central[at]) for at in hosts)
    broken = (
        limits.build_fen != NO_LIMIT and sum(one_off) > limits.build_fen,
        limits.running_fen != NO_LIMIT and running > limits.running_fen,
        limits.doctors_most != NO_LIMIT and doctors > limits.doctors_most,
        limits.changes != NO_LIMIT and changes > limits.changes,
        limits.people_outside != NO_LIMIT and outside > limits.people_outside,
    )
    if any(broken):
        return None
    bare = sum(int(asked.people[row]) for row, (kind, _) in enumerate(choice) if kind == "none")
    yearly = running + sum(math.floor(cost / money.life_years + 0.5) for cost in one_off)
    return (outside, bare, yearly, _time(asked, choice), changes)


def _one_off(asked, choice, opened, hosts):
    """List the money of each thing that is done."""
    money, spent = asked.money, []
    for at in opened:
        if not asked.stands[at]:
            spent.append(int(asked.build_fen[at]) + (money.upgrade if at in hosts else 0))
        elif at in hosts and not asked.central[at]:
            spent.append(money.upgrade)
    for row, (kind, _) in enumerate(choice):
        gone = [
            at for at in range(asked.n_sites) if asked.stands[at] and at not in opened and asked.site_village[at] == row
        ]
        point = kind == "share" or (kind == "outreach" and asked.point_for_outreach)
        if not asked.allow_close:
            spent += [money.service_point] * len(gone)
            spent += [money.service_point] * bool(point and not gone)
        else:
            spent += [money.service_point] * bool(point)
    return spent


def _time(asked, choice):
    total = 0
    for row, (kind, what) in enumerate(choice):
        if kind == "own":
            total += min(int(asked.own_person_ms[at]) for at in what)
        elif kind == "share":
            total += int(asked.arc_person_ms[what])
        elif kind == "seat":
            total += int(asked.seat_person_ms[row])
    return total
