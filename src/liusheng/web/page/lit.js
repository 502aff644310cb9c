/**
 * The text being spoken, lit as it is said.
 *
 * The server does not tell when each word sounds; only the length of the whole is known. So the clause
 * is lit, and not the word, that should sound now by how long clauses take to say.
 */

import { make } from "./dom.js";

// A Latin mark ends a clause only before a space: not in 9:30, 3.5 or example.org.
const CLAUSE_END = /(?<=[，。！？；：、!?;\n]\s*|[,.:]\s+)(?=\S)/u;
const SECONDS_PER_WEIGHT = 0.21; // a Han character at speed 1, until the true length is known

export class LitText {
  #box;
  #parts = [];
  #weight = 0;
  #now = -1;

  constructor(box) {
    this.#box = box;
  }

  /** Show a text with nothing lit. */
  show(text) {
    this.#parts = text.split(CLAUSE_END).map((piece) => {
      const part = { weight: this.#weight, span: make("span", {}, piece) };
      this.#weight += weigh(piece);
      return part;
    });
    this.#box.replaceChildren(...this.#parts.map(({ span }) => span));
    this.#box.scrollTop = 0;
  }

  clear() {
    this.#parts = [];
    this.#weight = 0;
    this.#now = -1;
    this.#box.replaceChildren();
  }

  /** Light what sounds at `position` seconds; `total` seconds, or null while it is not known. */
  at(position, total, speed) {
    const whole = total ?? (this.#weight * SECONDS_PER_WEIGHT) / speed;
    const weight = (position / whole) * this.#weight;
    let now = this.#parts.findLastIndex((part) => part.weight <= weight);
    now = Math.max(now, this.#now);
    if (now === this.#now) return;
    this.#now = now;
    this.#parts.forEach(({ span }, i) => {
      span.className = i < now ? "said" : i === now ? "saying" : "";
    });
    this.#reveal(this.#parts[now].span);
  }

  #reveal(span) {
    const box = this.#box;
    if (span.offsetTop + span.offsetHeight > box.scrollTop + box.clientHeight) {
      box.scrollTop = span.offsetTop - box.clientHeight / 3;
    }
  }
}

/** Return how long a piece takes to say, in Han characters. */
function weigh(text) {
  let weight = 0;
  for (const c of text) {
    if (/\p{Script=Han}/u.test(c)) weight += 1;
    else if (/\d/.test(c)) weight += 1;
    else if (/\p{L}/u.test(c)) weight += 0.32;
    else if (/[，,、；;：:]/.test(c)) weight += 0.8;
    else if (/[。！？.!?\n]/.test(c)) weight += 1.4;
  }
  return weight;
}
