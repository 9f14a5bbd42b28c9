"""Say where the register, facilities out of operation among them, would give another verdict than what operates."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

from clinicplan.policy.bounds import TRUE
from clinicplan.policy.findings import Finding
from clinicplan.policy.profile import Clause
from clinicplan.policy.register import CountyRegister
from clinicplan.words import phrase

Rule = Callable[[Clause, CountyRegister], Finding]


def remarking_the_register(rule: Rule) -> Rule:
    """Return the rule with a remark wherever all that is registered would give another answer than what operates."""

    @functools.wraps(rule)
    def remarking(clause: Clause, county: CountyRegister) -> Finding:
        finding = rule(clause, county)
        if (county.facilities["works"] == TRUE).all():
            return finding
        registered = rule(clause, county.registered)
        if _answer(registered) == _answer(finding):
            return finding
        remark = phrase("policy_quotas.by_register", answer=phrase(f"policy_quotas.answer.{_answer(registered)}"))
        return replace(finding, remarks=(*finding.remarks, remark))

    return remarking


def _answer(finding: Finding) -> str:
    if not finding.applicable:
        return "silent"
    return {True: "met", False: "missed", None: "open"}[finding.holds]
