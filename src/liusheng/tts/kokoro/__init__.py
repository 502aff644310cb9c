"""Kokoro-82M with the phonemes that it was trained on, without sherpa-onnx or eSpeak."""
