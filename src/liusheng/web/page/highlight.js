/**
 * The text being played, with the part that sounds now highlighted.
 *
 * The server's marks give the time of each word or clause. Until the first mark arrives, the current
 * clause is estimated from the length of the clauses.
 */

import { make } from "./dom.js";

// A Latin mark ends a clause only before a space: not in 9:30, 3.5 or example.org.
const CLAUSE_END = /(?<=[，。！？；：、!?;\n]\s*|[,.:]\s+)(?=\S)/u;
const SECONDS_PER_WEIGHT = 0.21; // a Han character at speed 1

export class HighlightedText {
  #box;
  #spans = ["spoken", "current", ""].map((className) => make("span", { className }));
  #text = "";
  #clauses = [];
  #highlighted = [0, 0];

  constructor(box) {
    this.#box = box;
    box.append(...this.#spans);
  }

  /** Display a text without a highlight. */
  show(text) {
    let from = 0;
    let weight = 0;
    this.#text = text;
    this.#clauses = text.split(CLAUSE_END).map((clause) => {
      const start = weight * SECONDS_PER_WEIGHT;
      weight += weigh(clause);
      const span = [from, (from += clause.length)];
      return { span, start };
    });
    this.#highlight([0, 0]);
    this.#box.scrollTop = 0;
  }

  /** Highlight what sounds at `position` seconds. */
  at(position, marks, speed) {
    const known = marks.length ? marks : this.#clauses;
    const at = marks.length ? position : position * speed;
    const now = known.findLast(({ start }) => start <= at);
    if (now && now.span[1] > this.#highlighted[1]) this.#highlight(now.span);
  }

  #highlight([from, to]) {
    this.#highlighted = [from, to];
    const pieces = [this.#text.slice(0, from), this.#text.slice(from, to), this.#text.slice(to)];
    this.#spans.forEach((span, i) => (span.textContent = pieces[i]));
    const [, current] = this.#spans;
    const box = this.#box;
    if (current.offsetTop + current.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = current.offsetTop - box.clientHeight / 3;
    }
  }
}

/** Estimate the spoken length of a piece, in Han characters. */
function weigh(text) {
  let weight = 0;
  for (const c of text) {
    if (/[\p{Script=Han}\d]/u.test(c)) weight += 1;
    else if (/\p{L}/u.test(c)) weight += 0.32;
    else if (/[，,、；;：:]/.test(c)) weight += 0.8;
    else if (/[。！？.!?\n]/.test(c)) weight += 1.4;
  }
  return weight;
}
