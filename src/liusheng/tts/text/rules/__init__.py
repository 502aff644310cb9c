"""The rules for written forms; `registry` has them all, in order."""
