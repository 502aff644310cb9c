/**
 * Display delay of recognised text, measured in this browser against the final text.
 *
 * A word counts from the moment at which it was first displayed in its place. What was displayed
 * before and is not in the final text, such as a word in the wrong language, counts for nothing.
 */

const SLACK = 6; // letters by which a word may be displayed before or after its place

export class DelayMeter {
  #origin = Infinity; // when the audio began; ms of `performance.now()`
  #displayed = []; // {from, letters, at}: the text from the letter `from` on, which was new then
  #closed = 0; // letters of closed utterances, which do not change

  /** Take in a packet that ends at `seconds` of audio. */
  addPacket(seconds, now = performance.now()) {
    // The packet with the least delay gives the best estimate of when the audio began.
    this.#origin = Math.min(this.#origin, now - 1000 * seconds);
  }

  /** Take in a text that is displayed; `closed`: no utterance is open. */
  addText(text, closed, now = performance.now()) {
    const letters = lettersOf(text);
    const from = Math.min(this.#closed, letters.length);
    const last = this.#displayed.at(-1);
    const open = letters.slice(from);
    if (!last || last.from !== from || last.letters !== open) {
      this.#displayed.push({ from, letters: open, at: now });
    }
    if (closed) this.#closed = letters.length;
  }

  /**
   * Return the delays; null if no word of the final text was displayed before.
   * @param {{w: string, bg: number, ed: number}[]} times of the final reply
   * @returns {{first: number, median: number, count: number} | null} ms: from the begin of the
   *   first word to its display; median over `count` words from the end of each to its display.
   */
  delays(times) {
    const words = [];
    let letters = 0;
    for (const { w, bg, ed } of times) {
      const own = lettersOf(w);
      if (own) words.push({ own, from: letters, bg, ed, seen: null });
      letters += own.length;
    }
    for (const { from, letters: shown, at } of this.#displayed) mark(words, from, shown, at);
    const seen = words.filter((word) => word.seen !== null);
    if (!seen.length) return null;
    // A partial may show a word before the speaker has ended it: that is no delay.
    const since = (word, seconds) => Math.max(0, word.seen - (this.#origin + 1000 * seconds));
    const all = seen.map((word) => since(word, word.ed)).sort((a, b) => a - b);
    return { first: since(seen[0], seen[0].bg), median: all[all.length >> 1], count: all.length };
  }
}

/** Mark the words that a displayed text has in their places, in order. */
function mark(words, from, shown, at) {
  let place = 0; // in `shown`, where the next word is expected
  let taken = 0; // up to here by the words before it
  let missed = 0; // letters of the words before it that are displayed otherwise
  for (const [i, word] of words.entries()) {
    if (word.from < from) continue;
    if (place >= shown.length + SLACK) return;
    // One letter is found anywhere: after other text, two must agree.
    const sought = missed && word.own.length < 2 ? word.own + (words[i + 1]?.own[0] ?? "") : word.own;
    const reach = Math.min(SLACK, 2 * word.own.length) + missed;
    const found = nearest(shown, sought, place, { taken, reach });
    if (found < 0) {
      place += word.own.length;
      missed = Math.min(SLACK, missed + word.own.length);
    } else {
      word.seen ??= at;
      place = found + word.own.length;
      taken = place;
      missed = 0;
    }
  }
}

/** Return where `word` begins nearest to `place`, at most `reach` letters away; -1: nowhere. */
function nearest(text, word, place, { taken, reach }) {
  for (let away = 0; away <= reach; away += 1) {
    if (text.startsWith(word, place + away)) return place + away;
    if (away && place - away >= taken && text.startsWith(word, place - away)) return place - away;
  }
  return -1;
}

function lettersOf(text) {
  return text.toLowerCase().replace(/[\p{P}\p{Z}\p{S}]/gu, "");
}
