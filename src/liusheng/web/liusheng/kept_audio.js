/** The audio of a recognition, kept as long as it may have to be sent again. */

/**
 * Packets in the order in which they were recorded. Positions are bytes from the start.
 *
 * At most `limit` bytes are kept of what the server has; what it has not is always kept.
 */
export class KeptAudio {
  #limit;
  #first = 0; // place of the first packet that is kept
  #begins = []; // by place; those before `#first` are of packets that were dropped
  #packets = new Map(); // by their begins
  #acknowledged = 0;
  /** One past the last byte. */
  end = 0;

  /** @param {number} limit bytes */
  constructor(limit) {
    this.#limit = limit;
  }

  /** Position of the first byte that is kept. */
  get start() {
    return this.#first < this.#begins.length ? this.#begins[this.#first] : this.end;
  }

  /** @param {Int16Array} packet */
  append(packet) {
    this.#begins.push(this.end);
    this.#packets.set(this.end, packet);
    this.end += packet.byteLength;
    this.#drop();
  }

  /** The packet that begins at a position. */
  packet(position) {
    return this.#packets.get(position);
  }

  /** Whether the audio from a position on is kept. */
  has(position) {
    return this.start <= position && position <= this.end;
  }

  /** Make sure that a packet begins at a position, which is one of whole samples and kept. */
  seek(position) {
    if (position === this.end || this.#packets.has(position)) return;
    let place = this.#begins.length - 1;
    while (this.#begins[place] > position) place -= 1;
    const begin = this.#begins[place];
    const whole = this.#packets.get(begin);
    const cut = (position - begin) / whole.BYTES_PER_ELEMENT;
    this.#packets.set(begin, whole.subarray(0, cut));
    this.#packets.set(position, whole.subarray(cut));
    this.#begins.splice(place + 1, 0, position);
  }

  /** The server has the audio before a position. */
  acknowledge(position) {
    this.#acknowledged = position;
    this.#drop();
  }

  /** The audio before a position is not needed any more; whole packets are dropped. */
  release(position) {
    while (this.#first < this.#begins.length && this.#endOfFirst <= position) this.#shift();
  }

  get #endOfFirst() {
    const next = this.#first + 1;
    return next < this.#begins.length ? this.#begins[next] : this.end;
  }

  #drop() {
    while (this.end - this.start > this.#limit && this.#endOfFirst <= this.#acknowledged) {
      this.#shift();
    }
  }

  #shift() {
    this.#packets.delete(this.#begins[this.#first]);
    this.#first += 1;
    if (this.#first > 1000) {
      this.#begins.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
