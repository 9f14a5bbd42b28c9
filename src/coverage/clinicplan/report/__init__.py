"""Turn results into maps, tables, figures and documents."""
