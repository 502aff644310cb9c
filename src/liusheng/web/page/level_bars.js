/** Bars of the audio level over the last seconds, the newest in the middle. */

const BAR = 4;
const GAP = 4;

export class LevelBars {
  #canvas;
  #levels = [];
  #frame = 0;
  #still = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#draw()).observe(canvas);
    document.addEventListener("theme", () => this.#draw());
  }

  /** Add a level in [0, 1]. */
  push(level) {
    if (this.#still.matches) return;
    this.#levels.unshift(Math.min(1, level));
    this.#levels.length = Math.min(this.#levels.length, 200);
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Remove all levels. */
  clear() {
    this.#levels = [];
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const scale = devicePixelRatio;
    canvas.width = width * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.fillStyle = getComputedStyle(canvas).color;
    const count = Math.floor(width / 2 / (BAR + GAP));
    for (let i = 0; i <= count; i += 1) {
      const level = this.#levels[i] ?? 0;
      const away = i / count;
      const tall = BAR + level * (height - BAR) * (1 - 0.65 * away);
      pen.globalAlpha = (level ? 0.25 + 0.75 * level : 0.35) * (1 - away) ** 1.2;
      for (const x of new Set([width / 2 + i * (BAR + GAP), width / 2 - i * (BAR + GAP)])) {
        pen.beginPath();
        pen.roundRect(x - BAR / 2, (height - tall) / 2, BAR, tall, BAR / 2);
        pen.fill();
      }
    }
  }
}

/** Return a level (RMS) on a scale from 0 to 1 that is linear in decibels, from -54 to -6. */
export function loudness(rms) {
  return Math.max(0, Math.min(1, (20 * Math.log10(rms + 1e-9) + 54) / 48));
}
