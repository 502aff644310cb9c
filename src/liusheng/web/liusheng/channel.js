/** One WebSocket that is opened again, with growing pauses, until its owner has what it wants. */

import { LiushengError } from "./errors.js";

const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 5_000;
const OPENING_TIMEOUT = 10_000;

/**
 * A connection that may break and is then made anew.
 *
 * The owner says what happens in between: `onOpen` begins the session on a new socket, `onMessage`
 * takes a parsed message, `onBroken` says whether another try makes sense.
 */
export class Channel {
  #url;
  #task;
  #handlers;
  #socket = null;
  #tries = 0;
  #timer = 0;
  #closed = false;

  /**
   * @param {URL} url of the socket, ws: or wss:
   * @param {"asr" | "tts"} task
   * @param {object} handlers
   * @param {() => void} handlers.onOpen
   * @param {(message: object) => void} handlers.onMessage
   * @param {() => boolean} handlers.onBroken the socket is gone; whether to open another
   * @param {(error: LiushengError) => void} handlers.onFailed no try is left
   * @param {(state: object) => void} [handlers.onConnection]
   * @param {(frame: object) => void} [handlers.onFrame]
   * @param {number} [handlers.maxTries] in a row that may fail
   */
  constructor(url, task, handlers) {
    this.#url = url;
    this.#task = task;
    this.#handlers = { maxTries: 8, ...handlers };
    // A network that is back is worth a try at once.
    this.online = () => this.#timer && this.#openNow();
    globalThis.addEventListener?.("online", this.online);
    this.#open();
  }

  /** Whether frames can be sent now. */
  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Bytes handed over that have not left yet. */
  get bufferedAmount() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** @param {object | ArrayBuffer | ArrayBufferView} frame JSON, or binary */
  send(frame) {
    const binary = frame instanceof ArrayBuffer || ArrayBuffer.isView(frame);
    const data = binary ? frame : JSON.stringify(frame);
    this.#socket.send(data);
    this.#handlers.onFrame?.({ task: this.#task, direction: "sent", data, time: performance.now() });
  }

  /** The session works: the next break starts with a short pause again. */
  settled() {
    this.#tries = 0;
  }

  /** Close for good. */
  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.("online", this.online);
    this.#report("closed");
    this.#socket?.close(1000);
  }

  #open() {
    this.#timer = 0;
    this.#report("connecting");
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const opening = setTimeout(() => socket.close(), OPENING_TIMEOUT);
    const isCurrent = () => this.#socket === socket && !this.#closed;
    socket.onopen = () => {
      clearTimeout(opening);
      if (!isCurrent()) return;
      this.#report("open");
      this.#handlers.onOpen();
    };
    socket.onmessage = ({ data }) => {
      if (!isCurrent()) return;
      this.#handlers.onFrame?.({
        task: this.#task, direction: "received", data, time: performance.now(),
      });
      this.#handlers.onMessage(JSON.parse(data));
    };
    socket.onclose = () => {
      clearTimeout(opening);
      if (!isCurrent()) return;
      this.#socket = null;
      if (this.#handlers.onBroken()) this.#again();
      else this.close();
    };
  }

  #openNow() {
    clearTimeout(this.#timer);
    this.#open();
  }

  #again() {
    this.#tries += 1;
    if (this.#tries > this.#handlers.maxTries) {
      this.close();
      this.#handlers.onFailed(
        new LiushengError(
          "connection_lost",
          `The server at ${this.#url.host} cannot be reached; it was tried ${this.#tries} times. ` +
            "Check that it runs and that the network is up, then try again.",
        ),
      );
      return;
    }
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#tries - 1));
    // Clients that lost one server together should not all come back in the same instant.
    const spread = pause * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#open(), spread);
    this.#report("waiting");
  }

  #report(state) {
    this.#handlers.onConnection?.({ state, tries: this.#tries });
  }
}
