/** Streaming recognition: packets of audio in; partial texts and the final text with times out. */

import { Channel } from "./channel.js";
import { LiushengError } from "./errors.js";

const SAMPLE_RATE = 16_000;

/** One recognition, over one connection, or several if connections are lost. */
export class Recognition {
  #options;
  #channel;
  #packets = [];
  #samples = 0;
  #sent = 0;
  #replies = 0;
  #ready = false;
  #ended = false;
  #over = false;
  #shown = ""; // last result before a reconnection, until the new result is as long
  #lastResult = "";
  #model = "";
  #final;

  /**
   * @param {string | URL} url of the socket
   * @param {import("./liusheng.js").RecognitionOptions} [options]
   */
  constructor(url, options) {
    this.#options = { lang: "auto", name: "browser", nbest: 1, keepSeconds: 600, ...options };
    this.#final = Promise.withResolvers?.() ?? resolvers();
    this.#final.promise.catch(() => {}); // The owner handles it through `finish` or `final`.
    this.#channel = new Channel(url, "asr", {
      onOpen: () => this.#start(),
      onMessage: (message) => this.#take(message),
      onBroken: () => this.#broken(),
      onFailed: (error) => this.#fail(error),
      onConnection: this.#options.onConnection,
      onFrame: this.#options.onFrame,
      apiKey: this.#options.apiKey,
    });
  }

  /** Resolves with the final reply; rejects with a LiushengError when there will be none. */
  get final() {
    return this.#final.promise;
  }

  /** Name of the model that transcribes; "" until the server is ready. */
  get model() {
    return this.#model;
  }

  /** Seconds of audio sent with `send` so far. */
  get seconds() {
    return this.#samples / SAMPLE_RATE;
  }

  /** Number of packets without a reply. */
  get pending() {
    return this.#packets.length - this.#replies;
  }

  /**
   * Send a packet of audio.
   * @param {Int16Array} packet 16 kHz, mono; it is kept, so do not write to it again.
   */
  send(packet) {
    if (this.#over || this.#ended) return;
    this.#samples += packet.length;
    this.#packets.push(packet);
    this.#flush();
  }

  /** End the audio; resolves with the final reply. */
  finish() {
    if (!this.#ended) {
      this.#ended = true;
      this.#flush();
    }
    return this.final;
  }

  /** Stop without a final reply. */
  abandon() {
    this.#fail(new LiushengError("abandoned", "The recognition was stopped before its end."));
  }

  #start() {
    const { name, nbest, lang } = this.#options;
    this.#channel.send({ name, signal: "start", nbest, lang });
  }

  #flush() {
    if (!this.#ready) return;
    while (this.#sent < this.#packets.length) {
      this.#channel.send(this.#packets[this.#sent]);
      this.#sent += 1;
      this.#forget();
    }
    if (this.#ended && this.#sent !== Infinity) {
      const { name, nbest } = this.#options;
      this.#channel.send({ name, signal: "end", nbest });
      this.#sent = Infinity;
    }
  }

  /** After `keepSeconds` a recognition cannot be resumed, so audio is no longer kept. */
  #forget() {
    if (this.seconds > this.#options.keepSeconds) this.#packets[this.#sent - 1] = null;
  }

  #take(message) {
    if (message.status === "error") this.#error(message);
    else if (message.signal === "server_ready") {
      this.#ready = true;
      this.#model = message.model ?? "";
      this.#options.onReady?.(message);
      this.#flush();
    } else if (message.signal === "finished") {
      this.#over = true;
      this.#options.onUpdate?.({ ...message, stable: message.result });
      this.#final.resolve(message);
      this.#channel.close();
    } else if (typeof message.result === "string") {
      this.#replies += 1;
      this.#channel.settled();
      this.#update(message);
    }
  }

  #update(message) {
    // After a reconnection all audio is transcribed again: skip results shorter than the last one.
    if (message.result.length < this.#shown.length) return;
    this.#shown = "";
    this.#options.onUpdate?.({
      // A server of the original protocol sends the text only: none of it is known to be stable.
      utterance: 0, is_final: false, stable: "", ...message,
    });
    this.#lastResult = message.result;
  }

  #error({ code, message }) {
    // The server is about to close the connection; then the client reconnects.
    if (code === "server_stopping") return;
    this.#fail(new LiushengError(code, message));
  }

  #broken() {
    if (this.#over) return false;
    this.#ready = false;
    if (this.seconds > this.#options.keepSeconds) {
      this.#fail(
        new LiushengError(
          "connection_lost",
          `The connection was lost after ${Math.round(this.seconds)} s of audio, more than the ` +
            `${this.#options.keepSeconds} s that are kept to resume it (keepSeconds). Start again.`,
        ),
      );
      return false;
    }
    this.#sent = 0;
    this.#replies = 0;
    this.#shown = this.#lastResult;
    return true;
  }

  #fail(error) {
    if (this.#over) return;
    this.#over = true;
    this.#packets = [];
    this.#channel.close();
    this.#final.reject(error);
  }
}

function resolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
