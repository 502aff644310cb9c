/**
 * Audio worklets: capture of packets, and playback from a ring buffer.
 *
 * One file without imports: not every browser can import inside a worklet.
 */

const ZERO_CROSSINGS = 24;
const KAISER_BETA = 8.6; // about 85 dB of stop band
const PASS_BAND = 0.94;

/** Streaming resampler: windowed sinc, one filter for each phase of the rational ratio. */
class Resampler {
  constructor(from, to) {
    const divisor = gcd(from, to);
    this.up = to / divisor;
    this.down = from / divisor;
    this.same = from === to;
    if (this.same) return;
    const cutoff = Math.min(1, to / from) * PASS_BAND;
    const half = Math.ceil(ZERO_CROSSINGS / cutoff);
    this.taps = 2 * half;
    this.bank = Array.from({ length: this.up }, (_, phase) =>
      filter(half, cutoff, phase / this.up),
    );
    this.held = new Float32Array(half - 1);
    this.at = 0; // of the next output, in input samples times `up`, from the start of `held`
  }

  /** Resample; returns the samples that are complete. */
  push(input) {
    if (this.same) return input;
    const buffer = new Float32Array(this.held.length + input.length);
    buffer.set(this.held);
    buffer.set(input, this.held.length);
    const last = buffer.length - this.taps;
    const output = [];
    let base = Math.floor(this.at / this.up);
    while (base <= last) {
      const taps = this.bank[this.at % this.up];
      let sum = 0;
      for (let k = 0; k < taps.length; k += 1) sum += buffer[base + k] * taps[k];
      output.push(sum);
      this.at += this.down;
      base = Math.floor(this.at / this.up);
    }
    const used = Math.min(base, buffer.length);
    this.held = buffer.slice(used);
    this.at -= used * this.up;
    return Float32Array.from(output);
  }

  /** Return the remaining samples. */
  flush() {
    return this.same ? new Float32Array(0) : this.push(new Float32Array(this.taps / 2));
  }
}

function gcd(a, b) {
  return b ? gcd(b, a % b) : a;
}

/** A phase's filter, of unit gain at zero frequency. */
function filter(half, cutoff, shift) {
  const taps = Float64Array.from({ length: 2 * half }, (_, k) => {
    const x = k - half + 1 - shift;
    const angle = Math.PI * cutoff * x;
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
    const edge = 1 - (x / half) ** 2;
    return edge <= 0 ? 0 : sinc * bessel(KAISER_BETA * Math.sqrt(edge));
  });
  const gain = taps.reduce((sum, tap) => sum + tap, 0);
  return Float32Array.from(taps, (tap) => tap / gain);
}

/** The modified Bessel function of order zero, by its series. */
function bessel(x) {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Posts packets of PCM16 with the level of each. */
class Capture extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.resampler = new Resampler(Math.round(sampleRate), processorOptions.sampleRate);
    this.packet = new Int16Array(processorOptions.packetSamples);
    this.reset();
    this.running = true;
    this.port.onmessage = () => this.stop();
  }

  reset() {
    this.filled = 0;
    this.peak = 0;
    this.energy = 0;
  }

  process([channels]) {
    if (this.running && channels.length) this.take(this.resampler.push(mix(channels)));
    return this.running;
  }

  take(samples) {
    for (const sample of samples) {
      const level = Math.abs(sample);
      if (level > this.peak) this.peak = level;
      this.energy += sample * sample;
      this.packet[this.filled] = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
      this.filled += 1;
      if (this.filled === this.packet.length) this.post();
    }
  }

  post() {
    const packet = this.packet.slice(0, this.filled);
    const rms = Math.sqrt(this.energy / this.filled);
    this.port.postMessage({ packet, rms, peak: Math.min(1, this.peak) }, [packet.buffer]);
    this.reset();
  }

  stop() {
    if (this.running) this.take(this.resampler.flush());
    if (this.filled) this.post();
    this.running = false;
    this.port.postMessage({ stopped: true });
  }
}

function mix(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, i) => channels.reduce((sum, c) => sum + c[i], 0) / channels.length);
}

/** A queue of samples that grows when it is full. */
class Ring {
  constructor() {
    this.samples = new Float32Array(1 << 16);
    this.clear();
  }

  clear() {
    this.read = 0;
    this.length = 0;
  }

  push(piece) {
    while (this.length + piece.length > this.samples.length) this.grow();
    const mask = this.samples.length - 1;
    for (let i = 0; i < piece.length; i += 1) {
      this.samples[(this.read + this.length + i) & mask] = piece[i];
    }
    this.length += piece.length;
  }

  shift() {
    const sample = this.samples[this.read];
    this.read = (this.read + 1) & (this.samples.length - 1);
    this.length -= 1;
    return sample;
  }

  grow() {
    const larger = new Float32Array(2 * this.samples.length);
    const { length } = this;
    for (let i = 0; i < length; i += 1) larger[i] = this.shift();
    this.samples = larger;
    this.read = 0;
    this.length = length;
  }
}

/**
 * Plays streams, one after another.
 *
 * In: {begin: id, sampleRate, prebuffer}, {piece}, {end}, {stop}. Out: {id, started},
 * {id, played, level}, {id, starved}, {id, ended}; `played` counts samples of this context.
 *
 * Where the samples run out before the end, the last of them are faded out and the next ones faded
 * in, so that an underrun causes a pause, not a click.
 */
class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new Ring();
    this.fade = Math.round(0.005 * sampleRate);
    this.tail = []; // of a playback that was stopped, last sample first
    this.state = "idle"; // "filling", "playing"
    this.port.onmessage = ({ data }) => this.receive(data);
  }

  receive(message) {
    if (message.begin !== undefined) this.begin(message);
    else if (message.piece) this.ring.push(this.resampler.push(message.piece));
    else if (message.end) {
      this.ring.push(this.resampler.flush());
      this.complete = true;
    } else if (message.stop) this.stop();
  }

  begin({ begin, sampleRate: rate, prebuffer }) {
    this.stop();
    this.id = begin;
    this.resampler = new Resampler(rate, Math.round(sampleRate));
    this.complete = false;
    this.prebuffer = Math.max(2 * this.fade, Math.round(prebuffer * sampleRate));
    this.played = 0;
    this.gain = 0;
    this.started = false;
    this.state = "filling";
  }

  stop() {
    if (this.state === "playing") {
      const { gain, fade } = this;
      this.tail = Array.from({ length: Math.min(fade, this.ring.length) }, (_, i) =>
        this.ring.shift() * Math.max(0, gain - (i + 1) / fade),
      ).reverse();
    }
    this.finish();
  }

  process(_, [[output]]) {
    if (this.state === "filling") this.fill();
    const playing = this.state === "playing";
    let loudest = 0;
    for (let i = 0; i < output.length; i += 1) {
      output[i] = (this.tail.pop() ?? 0) + (this.state === "playing" ? this.next() : 0);
      loudest = Math.max(loudest, Math.abs(output[i]));
    }
    if (playing) this.port.postMessage({ id: this.id, played: this.played, level: loudest });
    return true;
  }

  fill() {
    if (this.ring.length < this.prebuffer && !this.complete) return;
    this.state = "playing";
    if (!this.started) this.port.postMessage({ id: this.id, started: true });
    this.started = true;
  }

  next() {
    const { length } = this.ring;
    if (!length) {
      this.finish();
      return 0;
    }
    // The remaining samples are enough for the fade-out only.
    const starving = !this.complete && length <= this.fade;
    this.gain = Math.max(0, Math.min(1, this.gain + (starving ? -1 : 1) / this.fade));
    const sample = this.ring.shift() * this.gain;
    this.played += 1;
    if (starving && length === 1) {
      this.gain = 0;
      this.state = "filling";
      this.port.postMessage({ id: this.id, starved: true });
    }
    return sample;
  }

  finish() {
    if (this.state === "idle") return;
    this.state = "idle";
    this.ring.clear();
    this.port.postMessage({ id: this.id, ended: true, played: this.played });
  }
}

registerProcessor("liusheng-capture", Capture);
registerProcessor("liusheng-playback", Playback);
