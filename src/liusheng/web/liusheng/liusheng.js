/**
 * Liusheng in the browser: microphone, live recognition, streaming synthesis, playback.
 *
 * No dependency and no build: copy this folder, or import it from a server that serves it.
 * Documented in docs/javascript.md; types in liusheng.d.ts.
 */

import { Conversation } from "./conversation.js";
import { LiushengError } from "./errors.js";
import { Recognition } from "./recognition.js";
import { Synthesizer } from "./synthesis.js";

export { Conversation, Reply } from "./conversation.js";
export { LiushengError } from "./errors.js";
export { Microphone } from "./microphone.js";
export { Player, Playback } from "./player.js";
export { Recognition } from "./recognition.js";
export { base64FromPCM, decodeFile, pcmFromBase64, toPCM16, wavFile } from "./samples.js";
export { Speech, Synthesizer } from "./synthesis.js";

/** A server. */
export class Liusheng {
  #base;
  #onFrame;

  /** The API key that requests and sessions send from now on; "": none. */
  apiKey;

  /**
   * @param {string | URL} [base] where the server is, with its path prefix if it has one:
   *   "https://speech.example.org/prefix/". By default, where this module came from.
   * @param {import("./liusheng.js").LiushengOptions} [options]
   */
  constructor(base = new URL("../", import.meta.url), { onFrame, apiKey = "" } = {}) {
    this.#base = new URL(base);
    if (!this.#base.pathname.endsWith("/")) this.#base.pathname += "/";
    this.#onFrame = onFrame;
    this.apiKey = apiKey;
  }

  /** Where the server is. */
  get base() {
    return this.#base;
  }

  /** Get the version, languages, voices and limits of the server. */
  async info() {
    let response;
    try {
      const headers = this.apiKey ? { Authorization: `Bearer ${this.apiKey}` } : {};
      response = await fetch(new URL("api/info", this.#base), { headers });
    } catch (error) {
      throw new LiushengError(
        "connection_lost", `The server at ${this.#base.host} cannot be reached.`, error,
      );
    }
    if (response.status === 401) {
      throw new LiushengError(
        "invalid_api_key",
        `The server at ${this.#base.host} ` +
          (this.apiKey ? "does not accept this API key." : "needs an API key (apiKey)."),
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
      onFrame: this.#onFrame, apiKey: this.apiKey, ...options,
    });
  }

  /**
   * Make a session of synthesis.
   * @param {import("./liusheng.js").SynthesizerOptions} [options]
   */
  synthesizer(options = {}) {
    return new Synthesizer(this.#socket("paddlespeech/tts/streaming"), {
      onFrame: this.#onFrame, apiKey: this.apiKey, ...options,
    });
  }

  /**
   * Begin a conversation with the server's language model.
   * @param {string} model `conversation.model` of `info()`
   * @param {import("./liusheng.js").ConversationOptions} [options]
   */
  converse(model, options = {}) {
    const url = this.#socket("v1/realtime");
    url.searchParams.set("model", model);
    return new Conversation(url, { onFrame: this.#onFrame, apiKey: this.apiKey, ...options });
  }

  #socket(path) {
    const url = new URL(path, this.#base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }
}
