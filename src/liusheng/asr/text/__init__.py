"""How recognised text is written: script, punctuation, numerals, spelling."""
