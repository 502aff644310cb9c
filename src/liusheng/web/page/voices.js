/** Selection of a voice. */

import { make } from "./dom.js";
import { onLanguage, languageName, t } from "./i18n.js";
import { loadSetting, saveSetting } from "./storage.js";

/** Return the first voice whose main language is that of the text. */
export function voiceFor(text, voices) {
  const language = /\p{Script=Han}/u.test(text) ? "zh" : "en";
  return (
    voices.find(({ languages }) => languages[0] === language) ??
    voices.find(({ languages }) => languages.includes(language)) ??
    voices[0]
  );
}

export class VoicePicker {
  #box;
  #voices;

  constructor(box, voices) {
    this.#box = box;
    this.#voices = voices;
    const stored = loadSetting("voice");
    this.chosen = voices.some(({ name }) => name === stored) ? stored : "";
    onLanguage(() => this.#render());
  }

  /** Return the chosen voice, or one for the language of the text. */
  choose(text) {
    return this.#voices.find(({ name }) => name === this.chosen) ?? voiceFor(text, this.#voices);
  }

  #render() {
    for (const card of this.#box.querySelectorAll("label")) card.remove();
    this.#box.append(this.#card("", "A", t("talk.voiceAuto"), ""));
    for (const { name, languages, gender } of this.#voices) {
      const spoken = languages.map(languageName).join(" · ");
      this.#box.append(this.#card(name, name[0].toUpperCase(), name, `${spoken}, ${t(`gender.${gender}`)}`));
    }
  }

  #card(value, initial, name, about) {
    const input = make("input", {
      type: "radio", name: "voice", value, className: "unseen", checked: value === this.chosen,
    });
    input.addEventListener("change", () => {
      this.chosen = value;
      saveSetting("voice", value);
    });
    const avatar = make("i", { className: "avatar", textContent: initial });
    avatar.ariaHidden = "true";
    return make(
      "label", { className: "voice" }, input, avatar,
      make("span", {}, make("b", { textContent: name }), make("small", { textContent: about })),
    );
  }
}
