/** Copy, and the downloads: txt, srt, vtt, json. */

import { complain, fileName, save } from "./dom.js";
import { t } from "./i18n.js";
import { cues, srt, vtt } from "./subtitles.js";

const TYPES = {
  txt: "text/plain", srt: "application/x-subrip", vtt: "text/vtt", json: "application/json",
};

export class TakeAway {
  #buttons;
  #text = "";
  #times = null;
  #facts = {};

  constructor(group) {
    this.#buttons = [...group.querySelectorAll("button")];
    for (const button of this.#buttons) {
      button.addEventListener("click", () => this.#take(button).catch(complain));
    }
  }

  clear() {
    this.offer("");
  }

  /** This text can be had; with `times`, as subtitles too. */
  offer(text, times = null, facts = {}) {
    this.#text = text;
    this.#times = times;
    this.#facts = facts;
    for (const button of this.#buttons) {
      const needsTimes = !["copy", "txt"].includes(button.dataset.take);
      button.disabled = !text || (needsTimes && !times?.length);
    }
  }

  async #take(button) {
    const kind = button.dataset.take;
    if (kind === "copy") await this.#copy(button);
    else save(new Blob([this.#render(kind)], { type: TYPES[kind] }), `${fileName()}.${kind}`);
  }

  #render(kind) {
    if (kind === "txt") return `${this.#text}\n`;
    const segments = cues(this.#text, this.#times.map(({ w, bg, ed }) => [w, bg, ed]));
    if (kind === "srt") return srt(segments);
    if (kind === "vtt") return vtt(segments);
    return JSON.stringify(
      { ...this.#facts, text: this.#text, segments, times: this.#times }, null, 2,
    );
  }

  async #copy(button) {
    if (navigator.clipboard) await navigator.clipboard.writeText(this.#text);
    else this.#copyBySelection();
    button.textContent = t("take.copied");
    setTimeout(() => (button.textContent = t("take.copy")), 1500);
  }

  /** On a page that is not on https, browsers have no clipboard but this. */
  #copyBySelection() {
    const area = document.createElement("textarea");
    area.value = this.#text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
