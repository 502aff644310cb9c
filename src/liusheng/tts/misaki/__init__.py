"""Phonemes in the notation of misaki, the front end that Kokoro-82M was trained with."""
