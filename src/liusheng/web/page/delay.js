/**
 * How long after a word was said it stood on the screen, measured in this browser.
 *
 * While it goes on: from the rise of the level to the first text after it. At the end: for every
 * word of the final text, from its end in the audio (the final's `times`) to the first moment when
 * there was as much text as up to that word.
 */

import { Activity } from "./activity.js";

export class DelayMeter {
  #origin = Infinity; // of the audio, in this page's clock; ms
  #activity = new Activity();
  #closed = -Infinity; // when everything said was closed last
  #waiting = true; // for the first text of what is being said
  #growth = []; // [letters, ms]: when the text first was so long

  /** From a rise of the level to the first text, the newest; ms, or null. */
  first = null;

  /** A packet was heard that ended at `seconds` of audio. */
  heard(seconds, rms, now = performance.now()) {
    // Of all packets the one that came with the least delay tells best when the audio began.
    this.#origin = Math.min(this.#origin, now - 1000 * seconds);
    this.#activity.heard(rms, now);
  }

  /** This text is on the screen; `closed`: nothing is being said that is not in it. */
  shown(text, closed, now = performance.now()) {
    const letters = count(text);
    if (letters > (this.#growth.at(-1)?.[0] ?? 0)) {
      this.#growth.push([letters, now]);
      const { began } = this.#activity;
      if (this.#waiting && began > this.#closed) this.first = now - began;
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
