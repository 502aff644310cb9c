/** When somebody began to speak, and when they stopped: by the level alone, in this browser. */

const LOUD = 0.02; // RMS that counts as speech at least
const OVER_NOISE = 4; // times the quietest of late
const HANGOVER = 400; // ms of quiet inside speech

export class Activity {
  #noise = LOUD;
  #last = -Infinity;

  /** When the newest speech began, and when it was last heard; ms in this page's clock, or null. */
  began = null;
  stopped = null;

  /** A packet of this level came. */
  heard(rms, now = performance.now()) {
    this.#noise = Math.min(rms, this.#noise * 1.02 + 1e-6);
    if (rms <= Math.max(LOUD, OVER_NOISE * this.#noise)) return;
    if (now - this.#last > HANGOVER) this.began = now;
    this.#last = now;
    this.stopped = now;
  }
}
