/** Streaming synthesis: texts in, audio out in pieces. */

import { Channel } from "./channel.js";
import { LiushengError } from "./errors.js";
import { pcmFromBase64 } from "./samples.js";

/** The audio of a text: an asynchronous iterable of Int16Array, 24 kHz mono. */
export class Speech {
  #pieces = [];
  #wake = null;
  #over = false;
  #error = null;
  #cancel;
  #characters = null;

  /** Whether it was stopped before its end. */
  cancelled = false;
  /** Milliseconds from the request to the first piece of audio; null before. */
  firstPacket = null;
  /** Marks received so far, if they were requested. */
  marks = [];
  /** What of the text was not read; known at the end. */
  skipped = [];

  constructor(request, cancel) {
    /** The request as it is sent. */
    this.request = request;
    this.#cancel = cancel;
    this.asked = performance.now();
  }

  /** Stop at once: no audio comes after this call. */
  cancel() {
    this.cancelled = true;
    this.#pieces.length = 0;
    if (!this.#over) this.#cancel();
    this.end();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      while (this.#pieces.length) yield this.#pieces.shift();
      if (this.#error) throw this.#error;
      if (this.#over) return;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  /** For `Synthesizer`: add a piece. */
  add(pcm, marks = []) {
    if (this.#over) return;
    this.firstPacket ??= performance.now() - this.asked;
    this.marks.push(...this.#inUnits(marks));
    this.#pieces.push(pcm);
    this.#wake?.();
  }

  /** The protocol counts characters, JavaScript counts UTF-16 units. */
  #inUnits(parts) {
    return parts.map((part) => ({ ...part, span: part.span.map((at) => this.#offset(at)) }));
  }

  #offset(characters) {
    this.#characters ??= [...this.request.text];
    return this.#characters.slice(0, characters).join("").length;
  }

  /** For `Synthesizer`: end the audio. */
  end(error = null, skipped = []) {
    if (this.#over) return;
    this.skipped = this.#inUnits(skipped);
    this.#over = true;
    this.#error = error;
    this.#wake?.();
  }
}

/** A session of synthesis; texts are synthesised in order. It connects at the first text. */
export class Synthesizer {
  #url;
  #options;
  #channel = null;
  #ready = false;
  #queue = []; // of {speech, sent}: those without their last packet

  /**
   * @param {string | URL} url of the socket
   * @param {import("./liusheng.js").SynthesizerOptions} [options]
   */
  constructor(url, options = {}) {
    this.#url = url;
    this.#options = options;
  }

  /**
   * Synthesise a text.
   * @param {string} text
   * @param {import("./liusheng.js").SpeechOptions} [options]
   */
  speak(text, { voice, spk_id, speed, marks } = {}) {
    const request = { text };
    if (voice !== undefined) request.voice = voice;
    if (spk_id !== undefined) request.spk_id = spk_id;
    if (speed !== undefined) request.speed = speed;
    if (marks) request.marks = true;
    const speech = new Speech(request, () => this.#cancel());
    this.#queue.push({ speech, sent: false, error: null });
    if (!this.#channel) this.#connect();
    else this.#flush();
    return speech;
  }

  /** Cancel all texts and close the connection. */
  close() {
    for (const { speech } of this.#queue) speech.end(null);
    this.#queue = [];
    this.#channel?.close();
    this.#forget();
  }

  #connect() {
    this.#channel = new Channel(this.#url, "tts", {
      onOpen: () => this.#channel.send({ task: "tts", signal: "start" }),
      onMessage: (message) => this.#take(message),
      onBroken: () => this.#broken(),
      onFailed: (error) => this.#failAll(error),
      onConnection: this.#options.onConnection,
      onFrame: this.#options.onFrame,
      apiKey: this.#options.apiKey,
    });
  }

  #flush() {
    if (!this.#ready || !this.#channel?.isOpen) return;
    for (const entry of this.#queue) {
      if (!entry.sent) {
        this.#channel.send(entry.speech.request);
        entry.sent = true;
      }
    }
  }

  /** The protocol's `cancel` applies to all texts of the session. */
  #cancel() {
    if (this.#channel?.isOpen && this.#queue.some((entry) => entry.sent)) {
      this.#channel.send({ signal: "cancel" });
    }
    this.#queue = this.#queue.filter((entry) => entry.sent);
    for (const entry of this.#queue) {
      if (!entry.stopped) {
        entry.stopped = true;
        entry.speech.cancelled = true;
        entry.speech.end();
      }
    }
  }

  #take(message) {
    const head = this.#queue[0]?.sent ? this.#queue[0] : null;
    if (message.status === 0) {
      this.#ready = true;
      this.#channel.settled();
      this.#flush();
    } else if (message.status === 1) {
      head?.speech.add(pcmFromBase64(message.audio), message.marks);
    } else if (message.status === 2) {
      // A `cancel` that arrived too late also has a reply, which belongs to no text.
      if (!head || (message.cancelled && !head.stopped)) return;
      this.#queue.shift();
      head.speech.end(head.error, message.skipped);
    } else if (head && message.code !== "server_stopping" && message.code !== "idle_timeout") {
      head.error = new LiushengError(message.code ?? "synthesis_failed", message.message ?? "");
    }
  }

  /** Texts without audio so far are requested again; others cannot be resumed. */
  #broken() {
    this.#ready = false;
    const lost = new LiushengError(
      "connection_lost",
      "The connection was lost during synthesis. Request the text again.",
    );
    this.#queue = this.#queue.filter((entry) => {
      entry.sent = false;
      if (!entry.stopped && !entry.error && entry.speech.firstPacket === null) return true;
      entry.speech.end(entry.error ?? lost);
      return false;
    });
    if (!this.#queue.length) this.#forget();
    return this.#queue.length > 0;
  }

  #failAll(error) {
    for (const { speech } of this.#queue) speech.end(error);
    this.#queue = [];
    this.#forget();
  }

  #forget() {
    this.#channel = null;
    this.#ready = false;
  }
}
