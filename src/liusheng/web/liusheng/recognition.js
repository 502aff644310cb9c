/** Streaming recognition: packets of audio in, text while it is spoken, the final text with times. */

import { Channel } from "./channel.js";
import { LiushengError } from "./errors.js";

const SAMPLE_RATE = 16_000;

/** One recognition, over as many sockets as the network makes necessary. */
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
  #shown = ""; // at the last break; until that is caught up with
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
    this.#final.promise.catch(() => {}); // Whoever wants to know asks `finish` or `final`.
    this.#channel = new Channel(url, "asr", {
      onOpen: () => this.#start(),
      onMessage: (message) => this.#take(message),
      onBroken: () => this.#broken(),
      onFailed: (error) => this.#fail(error),
      onConnection: this.#options.onConnection,
      onFrame: this.#options.onFrame,
    });
  }

  /** Resolves with the final reply; rejects with a LiushengError when there will be none. */
  get final() {
    return this.#final.promise;
  }

  /** Name of the model that listens; "" until the server said so. */
  get model() {
    return this.#model;
  }

  /** Seconds of audio given so far. */
  get seconds() {
    return this.#samples / SAMPLE_RATE;
  }

  /** Packets that the server has not answered yet. */
  get pending() {
    return this.#packets.length - this.#replies;
  }

  /**
   * Give a packet of audio.
   * @param {Int16Array} packet 16 kHz, mono; it is kept, so do not write to it again.
   */
  send(packet) {
    if (this.#over || this.#ended) return;
    this.#samples += packet.length;
    this.#packets.push(packet);
    this.#flush();
  }

  /** No more audio comes; resolves with the final reply. */
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

  /** Past what is kept, a broken connection cannot be mended: the audio need not be held either. */
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
    // After a break everything is heard again; what was shown stays until that has caught up.
    if (message.result.length < this.#shown.length) return;
    this.#shown = "";
    this.#options.onUpdate?.({
      // A server of the original protocol tells the text only: none of it is promised to stay.
      utterance: 0, is_final: false, stable: "", ...message,
    });
    this.#lastResult = message.result;
  }

  #error({ code, message }) {
    // The socket is about to close: what comes next is a break like any other.
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
          `The connection broke after ${Math.round(this.seconds)} s of audio, more than the ` +
            `${this.#options.keepSeconds} s that are kept to go on from. Start again.`,
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
