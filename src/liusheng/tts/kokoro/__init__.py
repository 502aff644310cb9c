"""Kokoro-82M given the phonemes that its makers trained it on, without sherpa-onnx or eSpeak."""
