"""The tests; a package by name, so that no package installed beside it is taken for it."""
