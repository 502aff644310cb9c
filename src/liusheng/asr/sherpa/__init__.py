"""What online and offline models that sherpa-onnx runs have in common: metadata and tokens."""
