/** The choice of a voice. */

import { make } from "./dom.js";
import { inLanguage, languageName, t } from "./i18n.js";
import { recall, remember } from "./memory.js";

/** Return the first voice that speaks the language of this text best. */
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
    const remembered = recall("voice");
    this.chosen = voices.some(({ name }) => name === remembered) ? remembered : "";
    inLanguage(() => this.#render());
  }

  /** Return the voice for this text: the chosen one, or the language's where none was. */
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
      remember("voice", value);
    });
    const avatar = make("i", { className: "avatar", textContent: initial });
    avatar.ariaHidden = "true";
    return make(
      "label", { className: "voice" }, input, avatar,
      make("span", {}, make("b", { textContent: name }), make("small", { textContent: about })),
    );
  }
}
