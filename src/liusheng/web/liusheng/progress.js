/** How far a recognition has come, over all of its connections. */

const SAMPLE_RATE = 16_000;
const SAMPLE_BYTES = 2;
const HAN = /[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/u;
const WIDE = /[，。？！；：、（）《》“”]/;

/** Join two texts as the server does: with a space, unless a wide character is beside it. */
export function join(left, right) {
  if (!left || !right) return left + right;
  const around = [...left].at(-1) + String.fromCodePoint(right.codePointAt(0));
  return HAN.test(around) || WIDE.test(around) ? left + right : `${left} ${right}`;
}

/**
 * Takes the replies of the server, and gives those that the caller sees.
 *
 * A checkpoint is what is final: a new recognition of the audio after it needs nothing before it.
 * The recognition under way began at one, and every reply that is final makes the next one.
 */
export class Progress {
  #checkpoint = { position: 0, seconds: 0, text: "", times: [], utterances: 0 };
  #next = this.#checkpoint;
  #times = []; // since the beginning, without those repeated
  #timesUntil = 0;
  #last = ""; // text that the caller has seen
  #closed = 0; // utterances whose end the caller has seen
  #behind = false; // a new recognition has not come as far as the last one yet
  #held = []; // times of replies that the caller has not seen

  /** The first utterance that is not final, or whose times were not received. */
  fromUtterance = 0;

  /** Position of the audio, in bytes, from which on a new recognition would begin. */
  get finalUntil() {
    return this.#next.position;
  }

  /** Position of the audio, in bytes, from which on the recognition under way began. */
  get begin() {
    return this.#checkpoint.position;
  }

  /** A new recognition begins at `finalUntil`. */
  restart() {
    this.#checkpoint = this.#next;
    this.#times = [...this.#next.times];
    this.setBack();
    this.fromUtterance = 0;
  }

  /** The recognition goes on from an earlier point than it had reached. */
  setBack() {
    this.#behind = this.#last !== "";
  }

  /**
   * Return what the caller sees of a reply, or null.
   *
   * A new recognition repeats what the last one had recognised; until it has come as far, its texts
   * are not shown. The end of an utterance always is, if the caller has not seen it: its text may be
   * shorter than it was while it was open.
   */
  replied(reply) {
    // A server of the original protocol sends the text only: none of it is known to be stable.
    const given = { utterance: 0, is_final: false, stable: "", ...reply };
    const closes = given.is_final && given.result !== "";
    this.fromUtterance = given.utterance + (closes ? 1 : 0);
    const update = this.#whole(given);
    const times = (update.times ?? []).filter(({ bg }) => bg >= this.#timesUntil);
    const knownUntil = this.#times.at(-1)?.ed ?? 0;
    this.#times.push(...(update.times ?? []).filter(({ bg }) => bg >= knownUntil));
    for (const { ed } of times) this.#timesUntil = Math.max(this.#timesUntil, ed);
    if (closes && given.final_until !== undefined) this.#advance(update, given.final_until);
    this.#held.push(...times);
    const ends = closes && update.utterance >= this.#closed;
    if (this.#behind && !ends && update.result.length < this.#last.length) return null;
    this.#behind = false;
    this.#last = update.result;
    this.#closed = update.utterance + (closes ? 1 : 0);
    if (this.#held.length) update.times = this.#held;
    else delete update.times;
    this.#held = [];
    return update;
  }

  /** Return the final reply as that of the whole audio. */
  final(reply) {
    const { seconds, text, times } = this.#checkpoint;
    const whole = { ...reply };
    if (seconds) {
      whole.result = join(text, reply.result);
      whole.times = [...times, ...moved(reply.times ?? [], seconds)];
      whole.nbest &&= reply.nbest.map((each) => ({ ...each, result: join(text, each.result) }));
    }
    return { ...whole, stable: whole.result };
  }

  #whole(reply) {
    const { seconds, text, utterances } = this.#checkpoint;
    if (!seconds) return { ...reply };
    const result = join(text, reply.result);
    const before = result.length - reply.result.length;
    const whole = { ...reply, result, utterance: reply.utterance + utterances };
    whole.stable = reply.stable ? result.slice(0, before + reply.stable.length) : text;
    if (reply.times) whole.times = moved(reply.times, seconds);
    if (reply.heard !== undefined) whole.heard = rounded(reply.heard + seconds);
    return whole;
  }

  #advance(update, finalUntil) {
    if (update.utterance < this.#next.utterances) return;
    const samples = Math.floor(finalUntil * SAMPLE_RATE);
    this.#next = {
      position: this.#checkpoint.position + samples * SAMPLE_BYTES,
      seconds: this.#checkpoint.seconds + samples / SAMPLE_RATE,
      text: update.result,
      times: [...this.#times],
      utterances: update.utterance + 1,
    };
  }
}

function moved(times, seconds) {
  return times.map(({ w, bg, ed }) => ({ w, bg: rounded(bg + seconds), ed: rounded(ed + seconds) }));
}

function rounded(seconds) {
  return Math.round(1000 * seconds) / 1000;
}
