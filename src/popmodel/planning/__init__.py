"""Questions about limited places: how many, what one more is worth, who waits, what waits cost."""
