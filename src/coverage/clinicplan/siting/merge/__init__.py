"""Plan a county's village clinics: own, shared, covered by the township hospital; kept, built, upgraded, converted."""
