"""How time passes: two schedulers wake the same patients through the same rules."""
