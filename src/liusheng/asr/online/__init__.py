"""Streaming models through sherpa-onnx: audio in, chunk by chunk, text out."""
