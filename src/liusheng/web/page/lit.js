/**
 * The text being spoken, lit as it is said.
 *
 * By the server's marks, which tell when a word or a clause is said. Before the first mark comes, the
 * clause is lit that should sound by how long clauses take to say.
 */

import { make } from "./dom.js";

// A Latin mark ends a clause only before a space: not in 9:30, 3.5 or example.org.
const CLAUSE_END = /(?<=[，。！？；：、!?;\n]\s*|[,.:]\s+)(?=\S)/u;
const SECONDS_PER_WEIGHT = 0.21; // a Han character at speed 1

export class LitText {
  #box;
  #spans = ["said", "saying", ""].map((className) => make("span", { className }));
  #text = "";
  #clauses = [];
  #lit = [0, 0];

  constructor(box) {
    this.#box = box;
    box.append(...this.#spans);
  }

  /** Show a text with nothing lit. */
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
    this.#light([0, 0]);
    this.#box.scrollTop = 0;
  }

  /** Light what sounds at `position` seconds. */
  at(position, marks, speed) {
    const known = marks.length ? marks : this.#clauses;
    const at = marks.length ? position : position * speed;
    const now = known.findLast(({ start }) => start <= at);
    if (now && now.span[1] > this.#lit[1]) this.#light(now.span);
  }

  #light([from, to]) {
    this.#lit = [from, to];
    const pieces = [this.#text.slice(0, from), this.#text.slice(from, to), this.#text.slice(to)];
    this.#spans.forEach((span, i) => (span.textContent = pieces[i]));
    const [, saying] = this.#spans;
    const box = this.#box;
    if (saying.offsetTop + saying.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = saying.offsetTop - box.clientHeight / 3;
    }
  }
}

/** Return how long a piece takes to say, in Han characters. */
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
