/** The recognised text as a copy or a download: txt, srt, vtt, json. */

import { copyText, download, fileName, showError } from "./dom.js";
import { t } from "./i18n.js";
import { cues, srt, vtt } from "./subtitles.js";

const TYPES = {
  txt: "text/plain", srt: "application/x-subrip", vtt: "text/vtt", json: "application/json",
};

export class ExportButtons {
  #buttons;
  #text = "";
  #times = null;
  #facts = {};

  constructor(group) {
    this.#buttons = [...group.querySelectorAll("button")];
    for (const button of this.#buttons) {
      button.addEventListener("click", () => this.#export(button).catch(showError));
    }
  }

  clear() {
    this.set("");
  }

  /** Set the text to export; with `times`, also as subtitles. */
  set(text, times = null, facts = {}) {
    this.#text = text;
    this.#times = times;
    this.#facts = facts;
    for (const button of this.#buttons) {
      const needsTimes = !["copy", "txt"].includes(button.dataset.export);
      button.disabled = !text || (needsTimes && !times?.length);
    }
  }

  async #export(button) {
    const kind = button.dataset.export;
    if (kind === "copy") await this.#copy(button);
    else download(new Blob([this.#render(kind)], { type: TYPES[kind] }), `${fileName()}.${kind}`);
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
    await copyText(this.#text);
    button.textContent = t("export.copied");
    setTimeout(() => (button.textContent = t("export.copy")), 1500);
  }
}
