/**
 * Liusheng in the browser: microphone, live recognition, streaming synthesis, playback.
 *
 * No dependency and no build: copy this folder, or import it from a server that serves it.
 * Documented in docs/javascript.md; types in liusheng.d.ts.
 */

import { LiushengError } from "./errors.js";
import { Recognition } from "./recognition.js";
import { Synthesizer } from "./synthesis.js";

export { LiushengError } from "./errors.js";
export { Microphone } from "./microphone.js";
export { Player, Playback } from "./player.js";
export { Recognition } from "./recognition.js";
export { decodeFile, pcmFromBase64, toPCM16, wavFile } from "./samples.js";
export { Speech, Synthesizer } from "./synthesis.js";

/** A server. */
export class Liusheng {
  #base;
  #onFrame;

  /**
   * @param {string | URL} [base] where the server is, with its path prefix if it has one:
   *   "https://speech.example.org/prefix/". By default, where this module came from.
   * @param {import("./liusheng.js").LiushengOptions} [options]
   */
  constructor(base = new URL("../", import.meta.url), { onFrame } = {}) {
    this.#base = new URL(base);
    if (!this.#base.pathname.endsWith("/")) this.#base.pathname += "/";
    this.#onFrame = onFrame;
  }

  /** Where the server is. */
  get base() {
    return this.#base;
  }

  /** Get the version, languages, voices and limits of the server. */
  async info() {
    let response;
    try {
      response = await fetch(new URL("api/info", this.#base));
    } catch (error) {
      throw new LiushengError(
        "connection_lost", `The server at ${this.#base.host} cannot be reached.`, error,
      );
    }
    if (!response.ok) {
      throw new LiushengError(
        "no_info", `${response.url} answered ${response.status}: not a Liusheng server?`,
      );
    }
    return response.json();
  }

  /**
   * Begin a recognition.
   * @param {import("./liusheng.js").RecognitionOptions} [options]
   */
  recognize(options = {}) {
    return new Recognition(this.#socket("paddlespeech/asr/streaming"), {
      onFrame: this.#onFrame, ...options,
    });
  }

  /**
   * Make a session of synthesis.
   * @param {import("./liusheng.js").SynthesizerOptions} [options]
   */
  synthesizer(options = {}) {
    return new Synthesizer(this.#socket("paddlespeech/tts/streaming"), {
      onFrame: this.#onFrame, ...options,
    });
  }

  #socket(path) {
    const url = new URL(path, this.#base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }
}
