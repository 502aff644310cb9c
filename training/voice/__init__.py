"""Makes a Mandarin and English voice, distilled from Kokoro-82M: README.md says how."""
