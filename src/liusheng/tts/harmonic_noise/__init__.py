"""Liusheng's own voice: hibari-tts's harmonic-plus-noise network, trained by training/voice to say
Mandarin and English, and computed in blocks."""
