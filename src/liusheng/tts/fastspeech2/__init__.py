"""The voice of baker-zh: FastSpeech 2 and multi-band MelGAN, streamed by clauses and blocks."""
