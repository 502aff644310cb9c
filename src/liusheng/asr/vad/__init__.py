"""Voice activity detection: speech probabilities, utterances, speech activity."""
