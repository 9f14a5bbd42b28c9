"""Draw the figures of the planning document and bind them into an atlas, from a result folder alone."""
