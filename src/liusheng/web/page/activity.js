/** Speech activity by the level alone: when speech started, and when it was last detected. */

const LOUD = 0.02; // RMS; lower levels are never speech
const OVER_NOISE = 4; // times the noise floor
const HANGOVER = 400; // ms of silence inside speech

export class Activity {
  #noise = LOUD;
  #last = -Infinity;

  /** Start of the newest speech, and its last loud packet; ms of `performance.now()`, or null. */
  startedAt = null;
  lastAt = null;

  /** Take in the level of a packet. */
  addLevel(rms, now = performance.now()) {
    this.#noise = Math.min(rms, this.#noise * 1.02 + 1e-6);
    if (rms <= Math.max(LOUD, OVER_NOISE * this.#noise)) return;
    if (now - this.#last > HANGOVER) this.startedAt = now;
    this.#last = now;
    this.lastAt = now;
  }
}
