/**
 * How long after a word was said it stood on the screen, measured in this browser.
 *
 * While it goes on: from the rise of the level to the first text after it. At the end: for every
 * word of the final text, from its end in the audio (the final's `times`) to the first moment when
 * there was as much text as up to that word.
 */

const ONSET = 0.02; // RMS that counts as speech at least
const OVER_NOISE = 4; // times the quietest of late

export class DelayMeter {
  #origin = Infinity; // of the audio, in this page's clock; ms
  #noise = ONSET;
  #onset = null;
  #quiet = true;
  #growth = []; // [letters, ms]: when the text first was so long

  /** From a rise of the level to the first text, the newest; ms, or null. */
  first = null;

  /** A packet was heard that ended at `seconds` of audio. */
  heard(seconds, rms, now = performance.now()) {
    // Of all packets the one that came with the least delay tells best when the audio began.
    this.#origin = Math.min(this.#origin, now - 1000 * seconds);
    this.#noise = Math.min(rms, this.#noise * 1.02);
    const loud = rms > Math.max(ONSET, OVER_NOISE * this.#noise);
    if (loud && this.#quiet && this.#onset === null) this.#onset = now;
  }

  /** This text is on the screen; `closed`: nothing is being said that is not in it. */
  shown(text, closed, now = performance.now()) {
    const letters = count(text);
    if (letters > (this.#growth.at(-1)?.[0] ?? 0)) {
      this.#growth.push([letters, now]);
      if (this.#quiet && this.#onset !== null) this.first = now - this.#onset;
      this.#quiet = false;
    }
    if (closed && !this.#quiet) {
      this.#quiet = true;
      this.#onset = null;
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
