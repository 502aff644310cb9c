/** Plays a sentence in a voice, one at a time. */

import { Player } from "../liusheng/liusheng.js";
import { VOICE_SAMPLES } from "./translations.js";

export class VoiceSample {
  #synthesizer;
  #rate;
  #onChange;
  #player = null;
  #speech = null;

  /** onChange: called with the name of the voice that is playing, "" when none is. */
  constructor(synthesizer, rate, onChange) {
    this.#synthesizer = synthesizer;
    this.#rate = rate;
    this.#onChange = onChange;
  }

  /** Play a sample, in the voice's main language; what was playing is stopped. */
  async play({ name, languages }) {
    this.stop();
    const text = VOICE_SAMPLES[languages.find((code) => code in VOICE_SAMPLES) ?? "en"];
    this.#player ??= await Player.open({ sampleRate: this.#rate });
    const speech = this.#synthesizer.speak(text, { voice: name });
    this.#speech = speech;
    this.#onChange(name);
    const playback = this.#player.play(speech);
    await playback.finished;
    if (this.#speech !== speech) return;
    this.#speech = null;
    this.#onChange("");
    if (playback.error) throw playback.error;
  }

  stop() {
    if (!this.#speech) return;
    this.#speech.cancel();
    this.#speech = null;
    this.#player.stop();
    this.#onChange("");
  }
}
