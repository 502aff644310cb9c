/**
 * Playback without an audio worklet, for pages that are not on https or localhost.
 *
 * Takes and posts the messages of the playback worklet (see worklets.js). Each piece is scheduled
 * on the clock of the audio device, where the last one ends; a timer reports the progress.
 */

const TICK = 40; // ms
const FADE = 0.005; // seconds
const AHEAD = 0.03; // seconds from a decision to the first sample, so that it is not cut

export class ScheduledOutput {
  #context;
  #gain = null; // of this playback, so that its end can be faded out
  #sources = new Set();
  #state = "idle"; // "filling", "playing"
  #waiting = []; // pieces that are not scheduled yet
  #waitingSamples = 0;
  #ends = 0; // when the last scheduled sample ends, by the device's clock
  #scheduled = 0; // seconds of audio
  #complete = false;
  #started = false;
  #timer = 0;
  #id = 0;
  #rate = 0;
  #prebuffer = 0;
  #peaks = []; // {until, level}: of the scheduled pieces

  /** Called with {data}, as the port of a worklet calls it. */
  onmessage = null;

  constructor(context) {
    this.#context = context;
  }

  /** Where messages are posted to, as with a worklet's node. */
  get port() {
    return this;
  }

  postMessage(message) {
    if (message.begin !== undefined) this.#begin(message);
    else if (message.piece) this.#take(message.piece);
    else if (message.end) {
      this.#complete = true;
      this.#fill();
    } else if (message.stop) this.#finish();
  }

  #begin({ begin, sampleRate, prebuffer }) {
    this.#finish();
    this.#id = begin;
    this.#rate = sampleRate;
    this.#prebuffer = prebuffer;
    this.#complete = false;
    this.#started = false;
    this.#scheduled = 0;
    this.#ends = 0;
    this.#state = "filling";
    this.#gain = new GainNode(this.#context);
    this.#gain.connect(this.#context.destination);
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  #take(piece) {
    if (this.#state === "idle" || !piece.length) return;
    this.#waiting.push(piece);
    this.#waitingSamples += piece.length;
    this.#fill();
  }

  #fill() {
    if (this.#state === "filling") {
      if (this.#waitingSamples < this.#prebuffer * this.#rate && !this.#complete) return;
      this.#state = "playing";
      this.#ends = this.#context.currentTime + AHEAD;
      if (!this.#started) this.#post({ started: true });
      this.#started = true;
    }
    if (this.#state !== "playing") return;
    for (const piece of this.#waiting.splice(0)) this.#schedule(piece);
    this.#waitingSamples = 0;
  }

  #schedule(piece) {
    const buffer = new AudioBuffer({ length: piece.length, sampleRate: this.#rate });
    buffer.copyToChannel(piece, 0);
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#gain);
    source.start(this.#ends);
    this.#sources.add(source);
    source.onended = () => this.#sources.delete(source);
    this.#ends += buffer.duration;
    this.#scheduled += buffer.duration;
    const level = piece.reduce((top, sample) => Math.max(top, Math.abs(sample)), 0);
    this.#peaks.push({ until: this.#ends, level });
  }

  #tick() {
    if (this.#state !== "playing") return;
    const now = this.#context.currentTime;
    while (this.#peaks.length && this.#peaks[0].until < now) this.#peaks.shift();
    const played = this.#scheduled - Math.max(0, this.#ends - now);
    const level = this.#peaks[0]?.level ?? 0;
    this.#post({ played: Math.max(0, played) * this.#context.sampleRate, level });
    if (now < this.#ends) return;
    if (this.#complete) this.#finish();
    else {
      this.#state = "filling";
      this.#post({ starved: true });
    }
  }

  #finish() {
    if (this.#state === "idle") return;
    this.#state = "idle";
    clearInterval(this.#timer);
    const now = this.#context.currentTime;
    const played = this.#scheduled - Math.max(0, this.#ends - now);
    this.#gain.gain.setTargetAtTime(0, now, FADE / 3);
    for (const source of this.#sources) source.stop(now + 2 * FADE);
    this.#sources.clear();
    this.#waiting = [];
    this.#waitingSamples = 0;
    this.#peaks = [];
    this.#post({ ended: true, played: Math.max(0, played) * this.#context.sampleRate });
  }

  #post(message) {
    this.onmessage?.({ data: { id: this.#id, ...message } });
  }
}
