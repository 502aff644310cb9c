"""Factories of handlers for worker processes that read letters (see `tests.support.letters`)."""

from __future__ import annotations

from liusheng.asr.live.decoder import LiveRecognizer
from liusheng.asr.options import AsrOptions, VadOptions
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.runtime.recognition.handler import RecognitionHandler
from liusheng.runtime.recognition.vad_handler import VadHandler
from tests.support.letters import LetterEngine
from tests.support.level_detector import LevelDetector


def recognition(_: object, options: AsrOptions) -> RecognitionHandler:
    detector = SpeechActivityDetector(options.live.vad, LevelDetector())
    return RecognitionHandler(LiveRecognizer(LetterEngine(), options.live), detector)


def vad(options: VadOptions) -> VadHandler:
    return VadHandler(SpeechActivityDetector(options, LevelDetector()))
