/** Playback of a stream: without gaps or clicks, stopped within 5 ms. */

import { ScheduledOutput } from "./scheduled_output.js";

const WORKLETS = new URL("./worklets.js", import.meta.url);

/** One stream of samples being played. */
export class Playback {
  /** Seconds that have been played. */
  position = 0;
  /** How often the samples ran out before the end. */
  starved = 0;
  /** The error that the stream threw. */
  error = null;

  constructor(stop) {
    /** Resolves at the end: true if all audio was played. */
    this.finished = new Promise((resolve) => (this.settle = resolve));
    this.stop = stop;
  }
}

/** Audio output. */
export class Player {
  #context;
  #node; // of the worklet, or what stands in for it
  #current = null;
  #callbacks = {};
  #ids = 0;

  /**
   * Make a player. Call it from a click: browsers require a user gesture before playback.
   * @param {import("./liusheng.js").PlayerOptions} [options]
   * @returns {Promise<Player>}
   */
  static async open({ sampleRate = 24_000 } = {}) {
    const player = new Player();
    // In a context of the stream's rate the browser resamples. If the browser chooses another rate,
    // the worklet resamples.
    player.#context = new AudioContext({ sampleRate, latencyHint: "interactive" });
    player.#node = await output(player.#context);
    player.#node.port.onmessage = ({ data }) => player.#onMessage(data);
    player.sampleRate = sampleRate;
    await player.#context.resume();
    return player;
  }

  /**
   * Play a stream; what was playing is stopped.
   * @param {AsyncIterable<Int16Array> | Iterable<Int16Array>} stream
   * @param {import("./liusheng.js").PlaybackOptions} [options]
   * @returns {Playback}
   */
  play(stream, { prebuffer = 0.08, onStart, onProgress, onStarved } = {}) {
    this.stop();
    const id = (this.#ids += 1);
    const playback = new Playback(() => this.#current?.id === id && this.stop());
    playback.id = id;
    this.#current = playback;
    this.#callbacks = { onStart, onProgress, onStarved };
    this.#context.resume();
    this.#node.port.postMessage({ begin: id, sampleRate: this.sampleRate, prebuffer });
    this.#feed(stream, playback).catch((error) => {
      // The audio before the error is still played.
      playback.error = error;
      if (this.#current === playback) this.#node.port.postMessage({ end: true });
    });
    return playback;
  }

  /** Stop playback. */
  stop() {
    if (!this.#current) return;
    this.#node.port.postMessage({ stop: true });
    const stopped = this.#current;
    this.#current = null;
    stopped.settle(false);
  }

  /** Free the audio device. */
  async close() {
    this.stop();
    if (this.#context.state !== "closed") await this.#context.close();
  }

  async #feed(stream, playback) {
    for await (const pcm of stream) {
      if (this.#current !== playback) return;
      const piece = Float32Array.from(pcm, (sample) => sample / 32768);
      this.#node.port.postMessage({ piece }, [piece.buffer]);
    }
    if (this.#current === playback) this.#node.port.postMessage({ end: true });
  }

  #onMessage({ id, started, played, level, starved, ended }) {
    const playback = this.#current;
    if (!playback || playback.id !== id) return;
    if (played !== undefined) playback.position = played / this.#context.sampleRate;
    if (started) this.#callbacks.onStart?.(playback);
    if (starved) {
      playback.starved += 1;
      this.#callbacks.onStarved?.(playback);
    }
    if (level !== undefined) this.#callbacks.onProgress?.(playback, level);
    if (ended) {
      this.#current = null;
      playback.settle(true);
    }
  }
}

/** Return the node of a playback worklet; browsers have worklets only on https or localhost. */
async function output(context) {
  if (!context.audioWorklet) return new ScheduledOutput(context);
  await context.audioWorklet.addModule(WORKLETS);
  const node = new AudioWorkletNode(context, "liusheng-playback", {
    numberOfInputs: 0,
    outputChannelCount: [1],
  });
  node.connect(context.destination);
  return node;
}
