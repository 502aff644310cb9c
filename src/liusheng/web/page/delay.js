/**
 * Display delay of recognised text, measured in this browser.
 *
 * During a recognition: from the rise of the level to the first text after it. At the end: for each
 * word of the final text, from its end in the audio (`times` of the final reply) to the moment when
 * the displayed text was first as long as the final text up to that word.
 */

import { Activity } from "./activity.js";

export class DelayMeter {
  #origin = Infinity; // when the audio began; ms of `performance.now()`
  #activity = new Activity();
  #closed = -Infinity; // when the last utterance was closed
  #waiting = true; // for the first text of an utterance
  #growth = []; // [letters, ms]: when the text first had this length

  /** Newest delay from a rise of the level to the first text; ms, or null. */
  first = null;

  /** Take in a packet that ends at `seconds` of audio. */
  addPacket(seconds, rms, now = performance.now()) {
    // The packet with the least delay gives the best estimate of when the audio began.
    this.#origin = Math.min(this.#origin, now - 1000 * seconds);
    this.#activity.addLevel(rms, now);
  }

  /** Take in a text that is displayed; `closed`: no utterance is open. */
  addText(text, closed, now = performance.now()) {
    const letters = count(text);
    if (letters > (this.#growth.at(-1)?.[0] ?? 0)) {
      this.#growth.push([letters, now]);
      const { startedAt } = this.#activity;
      if (this.#waiting && startedAt > this.#closed) this.first = now - startedAt;
      this.#waiting = false;
    }
    if (closed && !this.#waiting) {
      this.#waiting = true;
      this.#closed = now;
    }
  }

  /** Return the median over the words of the final text; ms, or null. */
  median(times) {
    let letters = 0;
    const delays = [];
    for (const { w, ed } of times) {
      const own = count(w);
      letters += own;
      const seen = own && this.#growth.find(([length]) => length >= letters);
      if (seen) delays.push(seen[1] - (this.#origin + 1000 * ed));
    }
    delays.sort((a, b) => a - b);
    return delays.length ? delays[delays.length >> 1] : null;
  }
}

function count(text) {
  return text.replace(/[\p{P}\p{Z}\p{S}]/gu, "").length;
}
