/** The drawer with the protocol messages of the page's sessions. */

import { $, make } from "./dom.js";
import { onLanguage, t } from "./i18n.js";

const MOST_ROWS = 300;

export class Wire {
  #list = $("wire-frames");
  #began = null;
  #waiting = [];
  #frame = 0;
  #counts = null; // the row that counts audio packets and replies without new text
  #last = ""; // the newest result

  constructor() {
    $("wire-toggle").addEventListener("click", () => this.#toggle($("wire").hidden));
    $("wire-close").addEventListener("click", () => this.#toggle(false));
    $("wire-clear").addEventListener("click", () => this.#clear());
    $("wire").addEventListener("keydown", ({ key }) => key === "Escape" && this.#toggle(false));
    onLanguage(() => this.#list.childElementCount || this.#clear());
  }

  /** Add a frame; see `onFrame` of the client. */
  frame(frame) {
    this.#waiting.push(frame);
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const follow = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 60;
    for (const frame of this.#waiting.splice(0)) this.#add(frame);
    while (this.#list.childElementCount > MOST_ROWS) this.#list.firstElementChild.remove();
    if (follow) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #add({ task, direction, data, time }) {
    if (this.#began === null) {
      this.#list.replaceChildren();
      this.#began = time;
    }
    if (typeof data !== "string") {
      this.#count(task, time, { sent: 1, bytes: data.byteLength, received: 0 });
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "input_audio_buffer.append") {
      this.#count(task, time, { sent: 1, bytes: (message.audio.length * 3) / 4, received: 0 });
      return;
    }
    const isNew = message.result === undefined || message.signal || message.result !== this.#last;
    if (!isNew) {
      this.#count(task, time, { sent: 0, bytes: 0, received: 1 });
      return;
    }
    if (message.result !== undefined) this.#last = message.signal ? "" : message.result;
    this.#counts = null;
    this.#row(task, direction, time).append(...render(message));
  }

  #count(task, time, { sent, bytes, received }) {
    if (!this.#counts) {
      const line = this.#row(task, "both", time);
      this.#counts = { line, sent: 0, bytes: 0, received: 0 };
    }
    const counts = this.#counts;
    counts.sent += sent;
    counts.bytes += bytes;
    counts.received += received;
    counts.line.textContent = t("wire.counted", { ...counts, bytes: counts.bytes.toLocaleString() });
  }

  #row(task, direction, time) {
    const line = make("code");
    const arrow = { sent: "→", received: "←", both: "⇄" }[direction];
    const row = make(
      "li", { className: direction },
      make("time", {}, ((time - this.#began) / 1000).toFixed(3)),
      make("b", {}, `${task} ${arrow}`),
      line,
    );
    this.#list.append(row);
    return line;
  }

  #clear() {
    this.#began = null;
    this.#counts = null;
    this.#last = "";
    this.#list.replaceChildren(make("li", { className: "none" }, t("wire.empty")));
  }

  #toggle(open) {
    $("wire").hidden = !open;
    $("wire-toggle").setAttribute("aria-expanded", open);
    document.body.classList.toggle("with-wire", open);
    (open ? $("wire-close") : $("wire-toggle")).focus();
  }
}

/** Return a message as JSON with its names marked up, and long values shortened. */
function render(message) {
  const parts = [];
  const text = JSON.stringify(message, (key, value) => {
    if (["audio", "delta"].includes(key) && value.length > 60) {
      const seconds = ((value.length * 3) / 4 / 48_000).toFixed(2);
      return `${value.slice(0, 20)}… (${t("wire.audio", { seconds })})`;
    }
    if (key === "times" && value.length > 4) {
      return [...value.slice(0, 3), `… ${value.length}`];
    }
    return value;
  });
  for (const [i, piece] of text.split(/("(?:[^"\\]|\\.)*":)/).entries()) {
    parts.push(i % 2 ? make("i", {}, piece) : piece);
  }
  return parts;
}
