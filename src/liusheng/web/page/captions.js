/** Captions: stable text dark, unstable text dimmed, a line for each utterance. */

import { make } from "./dom.js";

export class Captions {
  #box;
  #lines = [];
  #ends = []; // lengths of the text at which utterances were closed: a line ends there
  #announced = 0;
  #live;

  /** box: the element that displays them; live: an ARIA live region. */
  constructor(box, live) {
    this.#box = box;
    this.#live = live;
  }

  clear() {
    this.#box.replaceChildren();
    this.#lines = [];
    this.#ends = [];
    this.#announced = 0;
    this.#live.textContent = "";
  }

  /** Show an update of the recognition. */
  show({ result, stable, is_final: closed }) {
    const follow = this.#atBottom();
    if (closed && result && result.length > (this.#ends.at(-1) ?? 0)) this.#ends.push(result.length);
    this.#ends = this.#ends.filter((end) => end <= result.length);
    const cuts = [0, ...this.#ends.filter((end) => end < result.length), result.length];
    const settled = closed ? result.length : commonLength(stable, result);
    for (let i = 0; i + 1 < cuts.length; i += 1) this.#line(i, result, cuts[i], cuts[i + 1], settled);
    for (const line of this.#lines.splice(cuts.length - 1)) line.paragraph.remove();
    this.#announce(result, closed);
    if (follow) this.#box.scrollTop = this.#box.scrollHeight;
  }

  #line(i, result, from, to, settled) {
    let middle = Math.max(from, Math.min(to, settled));
    while (result[middle] === " ") middle += 1; // a space counts as stable
    this.#lines[i] ??= this.#newLine();
    const { stable, unstable } = this.#lines[i];
    set(stable, result.slice(from, middle).trimStart());
    set(unstable, result.slice(middle, to));
  }

  #newLine() {
    const stable = make("span", { className: "stable" });
    const unstable = make("span", { className: "unstable" });
    const paragraph = make("p", { className: "line" }, stable, unstable);
    this.#box.append(paragraph);
    return { paragraph, stable, unstable };
  }

  /** Announce closed utterances only: partials would be read again at every change. */
  #announce(result, closed) {
    if (!closed || result.length <= this.#announced) return;
    this.#live.textContent = result.slice(this.#announced).trim();
    this.#announced = result.length;
  }

  #atBottom() {
    const { scrollTop, scrollHeight, clientHeight } = this.#box;
    return scrollHeight - scrollTop - clientHeight < 40;
  }
}

function set(span, text) {
  if (span.textContent !== text) span.textContent = text;
}

function commonLength(left, right) {
  let length = 0;
  while (length < left.length && left[length] === right[length]) length += 1;
  return length;
}
