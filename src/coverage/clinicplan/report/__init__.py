"""Turn results into maps, figures, tables and documents that share one style."""
