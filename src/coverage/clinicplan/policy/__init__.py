"""Read policy documents as data: who issued them, whether they bind, and the circle they ask for."""

from clinicplan.policy.profile import Profile, built_in_profiles, read_profile

__all__ = ["Profile", "built_in_profiles", "read_profile"]
