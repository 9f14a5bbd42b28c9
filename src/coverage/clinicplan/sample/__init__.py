"""Write the sample county: a synthetic 新昌县 that looks, and is delivered, as a real one would be.

The boundary and the published totals are real, all else is grown from a seed: terrain (`terrain`), settlements
(`sites`), roads (`routes`, `highways`, `curves`, `ways`, `expressways`), people (`units`), services (`services`,
`attributes`). `files` writes what a county bureau sends.
"""

from clinicplan.sample.county import SEED, write_sample

__all__ = ["SEED", "write_sample"]
