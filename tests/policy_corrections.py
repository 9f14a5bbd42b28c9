"""Where the profiles differ from the list of clauses: the document was taken, and the reason stands here.

Every clause named here but in the last table has a note `# csv:` in its profile, and no other clause has one.
"""

ADDED = {
    "LY-08c": "posts of lead hospitals for service in primary care, 5-10 %: a share of a register, not in the list",
    "LY-10": "training in Chinese-medicine techniques reaches all village doctors: in a register, not in the list",
    "LY-13b": "part of LY-13 in the list; the document says 普遍 and gives no share, so it cannot bind like the rates",
    "NY-1.12d": "the list names mother-child institutions in NY-1.12b, whose units they are not",
    "NY-1.13": "infectious-disease departments of all Chinese-medicine hospitals of level 2 up",
    "NY-1.23": "medical waste of all institutions by the end of 2024",
    "NY-1.25b": "psychological outpatients in all psychiatric hospitals of level 2 up",
    "NY-1.27b": "the sentence asks general and specialist hospitals for a public-health department first",
    "NY-2.1.5": "departments of Chinese medicine in all hospitals of level 2 up",
    "NY-3.2.4g": "clinics are run by a township hospital",
    "MTG-27": "clinics that qualify are designated by the insurance (article 27), as LY-17 and NY-3.3.3 are listed",
    "XC-2.3b": "one model child-health centre: listed in XC-2.3 as a principle, but the number has no reservation",
    "XC-2.3c": "75 % of the old under health management: a figure of the county that the list misses",
    "XC-3.3b": "training of 3-6 months every 3-5 years: an absence to be covered, as in MTG-09 and GZ-25b",
}
"""Clauses of the documents that the list does not have."""

FIELDS = {("NY-1.27", "article"): ("公共卫生 二(六)27", "article 27 stands in section (六), not (七)")}
"""Clause and field: what the document says."""

NEEDS_LEFT_OUT = {
    "LY-04a": ({"served population", "distance"}, "weighed by the bureau, without a number in the text"),
    "LY-12b": ({"facilities.gps"}, "GPs who care for children, a column of their own"),
    "LY-13": ({"villages.contracted", "assignment"}, "rates need numbers of people; the yes or no is LY-13b"),
    "MTG-01a": ({"townships"}, "the townships of the villages do, a layer of townships is not needed"),
    "MTG-07b": ({"facilities.licensed_doctors", "facilities.doctor_ages"}, "doctors newly taken on have columns"),
    "MTG-11": ({"facilities.doctors"}, "only doctors below the diploma are paid: a column of their own"),
    "XC-2.1": ({"villages.contracted", "facilities.visits"}, "shares need numbers of people and of their visits"),
    "XC-2.3": ({"townships", "facilities.tier"}, "infant care has no tier: a number of the township"),
}
"""What the list names and the clause does without."""

NEEDS_ADDED = {
    "GZ-11": ({"facilities.support_months"}, "the posting lasts a year: the months are shown beside"),
    "GZ-23b": ({"villages.touring_doctors"}, "touring and part-time doctors are paid too and belong to no clinic"),
    "LY-08b": ({"facilities.sit_in_days"}, "a day a week is asked for"),
    "LY-11": ({"facilities.famous_doctor_studio"}, "a studio is asked for beside the special department"),
    "LY-12b": ({"facilities.child_gps", "facilities.child_staff"}, "people with either duty are counted once"),
    "LY-13": (
        {"villages.contracted_people", "villages.key_people", "villages.contracted_key_people"},
        "rates need numbers of people",
    ),
    "LY-17": ({"facilities.insurance_qualified"}, "qualifying clinics need a column"),
    "NY-1.4": ({"facilities.emergency_team"}, "no tier tells who keeps the team"),
    "NY-1.12b": ({"facilities.fever_clinic_qualified"}, "有条件 is the county's own finding"),
    "NY-1.20": (
        {"facilities.critical_maternal_centre", "facilities.critical_newborn_centre"},
        "no tier tells these centres",
    ),
    "NY-1.20b": ({"facilities.hospital_kind", "facilities.level_two_up"}, "the denominator is told by two columns"),
    "NY-2.1.6": ({"facilities.departments"}, "the text allows a ward, which no tier tells"),
    "NY-2.1.6b": ({"facilities.eldercare_model"}, "model institutions are a finding of their own"),
    "NY-3.2.2e": (
        {"facilities.departments", "facilities.tcm_pharmacy", "facilities.tcm_equipment"},
        "department, pharmacy and devices are asked for too",
    ),
    "NY-3.3.5": ({"facilities.newly_built", "facilities.government_run"}, "only new centres, run by the government"),
    "NY-3.3.9a": ({"facilities.public_health_assistants"}, "an assistant physician will do here"),
    "NY-3.3.11": ({"villages.served_by"}, "which hospital looks after a village is a fact, not a catchment"),
    "MTG-07b": (
        {
            "facilities.new_doctors", "facilities.new_doctor_ages", "facilities.new_doctors_diploma",
            "facilities.new_doctors_licensed",
        },
        "the article speaks of doctors newly taken on",
    ),
    "MTG-08": ({"facilities.support_staff"}, "staff who rotate or are posted count too"),
    "MTG-11": ({"facilities.below_diploma_doctors"}, "only doctors below the diploma are paid"),
    "XC-1.2c": ({"facilities.city_specialty", "facilities.appraisal"}, "two awards are not for the standard"),
    "XC-1.2d": ({"facilities.famous_doctor_studio"}, "a studio will do as well as a special department"),
    "XC-2.1": (
        {
            "villages.contracted_people", "facilities.patients", "facilities.managed_patients",
            "facilities.chronic_visits",
        },
        "shares need numbers of people, patients and their visits",
    ),
    "XC-2.2c": ({"facilities.tcm_visits"}, "visits of Chinese medicine are the numerator"),
    "XC-2.3": ({"townships.infant_care"}, "infant care has no tier: a number of the township"),
    "XC-4.2": ({"facilities.smart_qualified"}, "the clinics that qualify need a column"),
}  # fmt: skip
"""What the list does not name and without which the clause cannot be tested as the document has it."""

STATED_OTHERWISE = {
    "LY-12a": "the list gives the lower end alone; more than two are shown beside",
    "NY-1.12a": "the list says every county, the text 县(市), without districts",
    "NY-1.24": "the list says 5; five kinds are one part each, or two of one kind would stand for a missing one",
    "NY-2.1.4a": "the list says 1-2; the ceiling from 200,000 residents on is that of NY-3.2.1b",
    "NY-2.1.4b": "the list says every township, the text 乡镇, where other articles say 乡镇(街道)",
    "NY-3.2.1b": "the list gives lower ends too; fewer is no failure, so the ceiling alone is kept",
    "MTG-05b": "the list cites article 5 alone; article 26 lets the village committee provide the premises too",
    "XC-3.1": "the list speaks of clinics, the document names stations with them",
}
"""Addressees or numbers that differ from the list."""

EVERY_UNIT = "all of them is what the kind asks"
ONE_EACH = "one parent each is what the kind asks"

NUMBERS_ELSEWHERE = {
    "GZ-20b": ({1}, ONE_EACH),
    "GZ-25": ({1}, EVERY_UNIT),
    "LY-01b": ({1}, ONE_EACH),
    "NY-1.12b": ({1}, EVERY_UNIT),
    "NY-1.12c": ({1}, EVERY_UNIT),
    "NY-1.24": ({5}, "one part for each of the five kinds"),
    "NY-2.1.4c": ({1}, "one clinic a village is the kind itself"),
    "NY-3.2.1b": ({1}, "a lower end binds nobody: the clause is a ceiling"),
    "NY-3.2.4d": ({1}, "one place a village is the kind itself"),
    "NY-3.2.5": ({1}, "a report of who is reached"),
    "NY-3.3.5": ({1}, EVERY_UNIT),
    "NY-3.3.11": ({1}, EVERY_UNIT),
    "NY-3.3.11b": ({1}, EVERY_UNIT),
    "MTG-04a": ({1}, "one clinic a village is the kind itself"),
    "MTG-05b": ({1}, EVERY_UNIT),
    "MTG-12": ({1}, EVERY_UNIT),
    "MTG-15": ({4}, "four departments are four conditions"),
    "XC-1.3c": ({1}, EVERY_UNIT),
    "XC-2.2a": ({1}, EVERY_UNIT),
}
"""Numbers of the list that the parameters say in another form: exactly these."""
