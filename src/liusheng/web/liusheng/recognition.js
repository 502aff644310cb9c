/** Streaming recognition: packets of audio in; partial texts and the final text with times out. */

import { Channel } from "./channel.js";
import { LiushengError } from "./errors.js";
import { KeptAudio } from "./kept_audio.js";
import { Progress } from "./progress.js";

const SAMPLE_RATE = 16_000;
const BYTES_PER_SECOND = 2 * SAMPLE_RATE;

/**
 * Milliseconds without a reply that is due, after which a connection counts as lost, if the
 * recognition can be resumed. Between two packets the server pauses for ten seconds at most.
 */
const STALLED = 20_000;

/** The same for the answer to a start, before which the server may wait for a place, and a final. */
const WAITED = 60_000;

/** One recognition, over one connection, or several if connections are lost. */
export class Recognition {
  #options;
  #channel;
  #kept;
  #progress = new Progress();
  #token = "";
  #finals = []; // that the token needs
  #keepFrom = Infinity; // audio before it is not needed for that
  #begun = false; // a server has taken it
  #ready = false; // on this connection
  #position = 0; // of what is sent next
  #unanswered = []; // where the packets of this connection without a reply end
  #open = []; // where all packets without a reply end
  #endSent = false;
  #ended = false;
  #over = false;
  #furthest = 0; // that was ever acknowledged
  #stall = 0;
  #model = "";
  #final;

  /**
   * @param {string | URL} url of the socket
   * @param {import("./liusheng.js").RecognitionOptions} [options]
   */
  constructor(url, options) {
    this.#options = { lang: "auto", name: "browser", nbest: 1, keepSeconds: 600, ...options };
    this.#kept = new KeptAudio(this.#options.keepSeconds * BYTES_PER_SECOND);
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
    return this.#kept.end / BYTES_PER_SECOND;
  }

  /** Number of packets without a reply. */
  get pending() {
    return this.#open.length;
  }

  /**
   * Send a packet of audio.
   * @param {Int16Array} packet 16 kHz, mono; it is kept, so do not write to it again.
   */
  send(packet) {
    if (this.#over || this.#ended || !packet.length) return;
    this.#kept.append(packet);
    this.#open.push(this.#kept.end);
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

  // One connection

  #start() {
    this.#unanswered = [];
    this.#expect();
    if (!this.#token) this.#begin();
    else {
      const { fromUtterance } = this.#progress;
      this.#channel.send({
        signal: "start",
        resume: this.#token,
        from_utterance: fromUtterance,
        finals: this.#finals,
      });
    }
  }

  #begin() {
    if (!this.#kept.has(this.#progress.finalUntil)) {
      this.#fail(this.#notKept());
      return;
    }
    this.#progress.restart();
    this.#finals = [];
    this.#keepFrom = Infinity;
    this.#continueAt(this.#progress.finalUntil, false);
    const { name, nbest, lang } = this.#options;
    this.#channel.send({ name, signal: "start", nbest, lang, resumable: true });
  }

  #continueAt(position, ended) {
    this.#kept.seek(position);
    this.#position = position;
    this.#endSent = ended;
  }

  #flush() {
    if (!this.#ready || this.#over) return;
    while (this.#position < this.#kept.end) {
      const packet = this.#kept.packet(this.#position);
      this.#channel.send(packet);
      this.#position += packet.byteLength;
      this.#unanswered.push(this.#position);
    }
    if (this.#ended && !this.#endSent) {
      const { name, nbest } = this.#options;
      this.#channel.send({ name, signal: "end", nbest });
      this.#endSent = true;
    }
    if (!this.#stall) this.#expect();
  }

  #take(message) {
    if (message.resume) this.#offered(message.resume);
    if (message.status === "error") this.#error(message);
    else if (message.signal === "server_ready") this.#serverReady(message);
    else if (message.signal === "finished") this.#finished(message);
    else if (typeof message.result === "string") {
      // A server that stops sends one more reply than there were packets.
      if (this.#unanswered.length) this.#acknowledge(this.#unanswered.shift());
      this.#update(message);
      this.#expect();
    }
  }

  /** Take what resumes the recognition from now on. */
  #offered({ token, finals, keep_from: keepFrom }) {
    this.#token = token;
    this.#finals.push(...(finals ?? []));
    this.#keepFrom = keepFrom === undefined ? Infinity : this.#progress.begin + keepFrom;
  }

  #serverReady(message) {
    const { resumed } = message;
    if (resumed) {
      const received = this.#progress.begin + resumed.received;
      if (!this.#kept.has(received)) {
        this.#fail(this.#notKept());
        return;
      }
      // Another server has it, from what we carry.
      if (received < this.#furthest) this.#progress.setBack();
      this.#continueAt(received, resumed.ended);
      // The replies to some of it may have been lost, and do not come again.
      this.#acknowledge(received);
      for (const reply of resumed.replies) this.#update(reply);
    }
    this.#model = message.model ?? "";
    if (this.#begun) this.#channel.report("resumed");
    this.#begun = true;
    this.#ready = true;
    this.#options.onReady?.(message);
    this.#expect();
    this.#flush();
  }

  #acknowledge(position) {
    if (position > this.#furthest) {
      this.#furthest = position;
      this.#channel.settled();
    }
    while (this.#open.length && this.#open[0] <= position) this.#open.shift();
    this.#kept.acknowledge(position);
    if (!this.#token) return;
    this.#kept.release(Math.min(position, this.#progress.finalUntil, this.#keepFrom));
  }

  #update(reply) {
    const update = this.#progress.replied(reply);
    if (update) this.#options.onUpdate?.(update);
  }

  #finished(message) {
    const final = this.#progress.final(message);
    this.#over = true;
    this.#open = [];
    clearTimeout(this.#stall);
    this.#options.onUpdate?.(final);
    this.#final.resolve(final);
    this.#channel.close();
  }

  #error({ code, message }) {
    if (code === "unknown_session") {
      this.#token = "";
      this.#begin();
      return;
    }
    // The server closes the connection, and may be there again, or have room, a little later.
    if (code === "server_stopping") this.#channel.hurry();
    if (code === "server_stopping" || (code === "server_busy" && this.#begun)) return;
    this.#fail(new LiushengError(code, message));
  }

  /** Wait for the next reply, if one is due. */
  #expect() {
    clearTimeout(this.#stall);
    this.#stall = 0;
    if (!this.#token || this.#over) return;
    const replies = this.#ready && this.#unanswered.length;
    if (this.#ready && !replies && !this.#endSent) return;
    this.#stall = setTimeout(() => this.#channel.lose(), replies ? STALLED : WAITED);
  }

  #broken() {
    clearTimeout(this.#stall);
    if (this.#over) return false;
    this.#ready = false;
    if (this.#token || this.#kept.has(this.#progress.finalUntil)) return true;
    this.#fail(this.#notKept());
    return false;
  }

  #notKept() {
    return new LiushengError(
      "connection_lost",
      "The connection was lost, and the server needs audio again that is not kept: more than " +
        `${this.#options.keepSeconds} s (keepSeconds) passed since the last final utterance. ` +
        "Start again.",
    );
  }

  #fail(error) {
    if (this.#over) return;
    this.#over = true;
    this.#open = [];
    clearTimeout(this.#stall);
    this.#channel.close();
    this.#final.reject(error);
  }
}

function resolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
