/** Choice of the language and, where several models are loaded, of the model. */

import { $ } from "./dom.js";
import { languageName, onLanguage, t } from "./i18n.js";
import { loadSetting, saveSetting } from "./storage.js";

const FIRST_LANGUAGES = ["zh", "en"];

export class LanguageChoice {
  #models;
  #names;

  /** models: the name of the model that serves each value of `lang`, "auto" among them. */
  constructor(models) {
    this.#models = models;
    this.#names = [...new Set(Object.values(models))];
    $("speak-models").hidden = this.#names.length < 2;
    $("speak-model").addEventListener("change", ({ target }) => {
      saveSetting("model", target.value);
      this.#languages();
    });
    $("speak-lang").addEventListener("change", ({ target }) => saveSetting("lang", target.value));
    onLanguage(() => {
      this.#modelOptions();
      this.#languages();
    });
  }

  /** The value of `lang`, which selects the model too. */
  get lang() {
    return $("speak-lang").value;
  }

  /** The model that was chosen, or the one of the language. */
  get model() {
    return $("speak-model").value || this.#models[this.lang] || this.#models.auto;
  }

  #modelOptions() {
    const chosen = $("speak-model").value || loadSetting("model") || "";
    $("speak-model").replaceChildren(
      new Option(t("speak.byLanguage"), ""),
      ...this.#names.map((name) => new Option(name, name)),
    );
    $("speak-model").value = this.#names.includes(chosen) ? chosen : "";
  }

  /** List the languages of the chosen model; of all models if none is chosen. */
  #languages() {
    const model = $("speak-model").value;
    const codes = Object.keys(this.#models).filter((code) => !model || this.#models[code] === model);
    const rest = codes
      .filter((code) => code !== "auto" && !FIRST_LANGUAGES.includes(code))
      .map((code) => [code, languageName(code)])
      .sort(([, a], [, b]) => a.localeCompare(b));
    const first = FIRST_LANGUAGES.filter((code) => codes.includes(code));
    const select = $("speak-lang");
    const chosen = select.value || loadSetting("lang") || "auto";
    select.replaceChildren(
      ...(codes.includes("auto") || !codes.length ? [new Option(t("speak.auto"), "auto")] : []),
      ...first.map((code) => new Option(languageName(code), code)),
      ...rest.map(([code, name]) => new Option(name, code)),
    );
    const values = [...select.options].map(({ value }) => value);
    select.value = values.includes(chosen) ? chosen : values[0];
  }
}
