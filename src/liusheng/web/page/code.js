/** "Use from code": programs that do what was just done on the page. */

import { $, copyText } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { loadSetting, saveSetting } from "./storage.js";

const LANGUAGES = ["curl", "python", "javascript"];

export class CodePanel {
  #server;
  #samples = null;
  #language = LANGUAGES.includes(loadSetting("code")) ? loadSetting("code") : "curl";

  constructor(server) {
    this.#server = server;
    for (const button of $("code-languages").children) {
      button.addEventListener("click", () => {
        this.#language = button.value;
        saveSetting("code", button.value);
        this.#render();
      });
    }
    $("code-copy").addEventListener("click", () => this.#copy());
    onLanguage(() => ($("code-copy").textContent = t("export.copy")));
  }

  /** Show samples; see code_samples.js. */
  show(samples) {
    this.#samples = samples;
    $("code").hidden = false;
    this.#render();
  }

  /** Remove them: another tab is shown. */
  clear() {
    this.#samples = null;
    $("code").hidden = true;
  }

  #render() {
    for (const button of $("code-languages").children) {
      button.setAttribute("aria-pressed", button.value === this.#language);
    }
    const { base, apiKey } = this.#server;
    $("code-text").textContent = this.#samples[this.#language]({ base: base.href, keyed: Boolean(apiKey) });
  }

  async #copy() {
    await copyText($("code-text").textContent);
    $("code-copy").textContent = t("export.copied");
    setTimeout(() => ($("code-copy").textContent = t("export.copy")), 1500);
  }
}
