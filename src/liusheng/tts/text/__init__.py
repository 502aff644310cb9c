"""The text front end: written Mandarin, with English in it, to clauses of syllables."""
