/** A WebSocket that reconnects, with growing pauses. */

import { LiushengError } from "./errors.js";
import { refusalOf } from "./refusal.js";

const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 5_000;
const OPENING_TIMEOUT = 10_000;
const RESTART = 1012; // a close code: the server is there again, or another one is
const LOST = 4000; // a close code; with 1000 the server would keep nothing to resume

/**
 * A connection that reconnects when it is lost.
 *
 * `onOpen` starts the session on a new socket, `onMessage` takes a parsed message, `onBroken` decides
 * whether to reconnect.
 */
export class Channel {
  #url;
  #task;
  #handlers;
  #protocols;
  #socket = null;
  #attempts = 0;
  #hurries = false;
  #timer = 0;
  #closed = false;

  /**
   * @param {URL} url of the socket, ws: or wss:
   * @param {"asr" | "tts" | "talk"} task
   * @param {object} handlers
   * @param {() => void} handlers.onOpen
   * @param {(message: object) => void} handlers.onMessage
   * @param {() => boolean} handlers.onBroken the socket was closed; returns whether to reconnect
   * @param {(error: LiushengError) => void} handlers.onFailed no attempt is left
   * @param {(state: object) => void} [handlers.onConnection]
   * @param {(frame: object) => void} [handlers.onFrame]
   * @param {number} [handlers.maxAttempts] failed attempts in a row, at most
   * @param {string} [handlers.apiKey] that the server needs
   */
  constructor(url, task, handlers) {
    this.#url = url;
    this.#task = task;
    this.#handlers = { maxAttempts: 8, ...handlers };
    // Browsers send no headers with a WebSocket. The server answers with the first of these only.
    const { apiKey } = handlers;
    this.#protocols = apiKey ? ["liusheng", `liusheng.key.${apiKey}`] : [];
    // Try at once when the network is back.
    this.online = () => this.#timer && this.#openNow();
    globalThis.addEventListener?.("online", this.online);
    this.#open();
  }

  /** Whether frames can be sent now. */
  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Bytes that are queued in the socket. */
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

  /** Reset the pause: the session works. */
  settled() {
    this.#attempts = 0;
  }

  /** Reconnect at once when the connection is lost, the first time. */
  hurry() {
    this.#hurries = true;
  }

  /** Close for good. */
  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.("online", this.online);
    this.report("closed");
    this.#socket?.close(1000);
  }

  /** Leave the connection, which seems dead, and reconnect. A browser may tell of its end late. */
  lose() {
    const lost = this.#socket;
    this.#socket = null;
    lost?.close(LOST);
    this.#lost();
  }

  #open() {
    this.#timer = 0;
    this.report("connecting");
    const socket = new WebSocket(this.#url, this.#protocols);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const opening = setTimeout(() => socket.close(), OPENING_TIMEOUT);
    const isCurrent = () => this.#socket === socket && !this.#closed;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      clearTimeout(opening);
      if (!isCurrent()) return;
      this.report("open");
      this.#handlers.onOpen();
    };
    socket.onmessage = ({ data }) => {
      if (!isCurrent()) return;
      this.#handlers.onFrame?.({
        task: this.#task, direction: "received", data, time: performance.now(),
      });
      this.#handlers.onMessage(JSON.parse(data));
    };
    socket.onclose = async ({ code }) => {
      clearTimeout(opening);
      if (!isCurrent()) return;
      if (code === RESTART) this.hurry();
      const refusal = opened ? null : await refusalOf(this.#url, this.#handlers.apiKey);
      if (!isCurrent()) return;
      this.#socket = null;
      if (refusal) {
        this.close();
        this.#handlers.onFailed(refusal);
        return;
      }
      this.#lost();
    };
  }

  #lost() {
    if (this.#handlers.onBroken()) this.#again();
    else this.close();
  }

  #openNow() {
    clearTimeout(this.#timer);
    this.#open();
  }

  #again() {
    this.#attempts += 1;
    if (this.#attempts > this.#handlers.maxAttempts) {
      this.close();
      this.#handlers.onFailed(
        new LiushengError(
          "connection_lost",
          `The server at ${this.#url.host} cannot be reached; ${this.#attempts} attempts failed. ` +
            "Check that it runs and that the network is up, then try again.",
        ),
      );
      return;
    }
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#attempts - 1));
    // Clients of one server should not all reconnect at the same instant.
    const spread = this.#hurries && this.#attempts === 1 ? 0 : pause * (0.75 + Math.random() / 2);
    this.#hurries = false;
    this.#timer = setTimeout(() => this.#open(), spread);
    this.report("reconnecting");
  }

  /** Tell the owner the state of the connection. */
  report(state) {
    this.#handlers.onConnection?.({ state, attempts: this.#attempts });
  }
}
