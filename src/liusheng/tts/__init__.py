"""Speech synthesis: voices and the text front end. Nothing here knows about the network."""
