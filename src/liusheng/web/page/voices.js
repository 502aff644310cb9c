/** Selection of a voice; each has a sample and the licence of its model. */

import { $, make } from "./dom.js";
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
  #onSample;
  #sampled = ""; // the voice whose sample is playing

  /** onSample: called with a voice to play a sample of it, or with null to stop. */
  constructor(box, voices, onSample) {
    this.#box = box;
    this.#voices = voices;
    this.#onSample = onSample;
    const stored = loadSetting("voice");
    this.chosen = voices.some(({ name }) => name === stored) ? stored : "";
    onLanguage(() => this.#render());
  }

  /** Return the chosen voice, or one for the language of the text. */
  choose(text) {
    return this.#voices.find(({ name }) => name === this.chosen) ?? voiceFor(text, this.#voices);
  }

  /** Show which voice's sample is playing; "": none. */
  set sampled(name) {
    this.#sampled = name;
    for (const button of this.#box.querySelectorAll("button")) label(button, name);
  }

  #render() {
    for (const card of this.#box.querySelectorAll(".voice")) card.remove();
    this.#box.append(this.#card("", "A", t("talk.voiceAuto"), ""));
    for (const voice of this.#voices) {
      const { name, languages, gender } = voice;
      const spoken = `${languages.map(languageName).join(" · ")}, ${t(`gender.${gender}`)}`;
      const card = this.#card(name, name[0].toUpperCase(), name, spoken);
      if (voice.licence) card.firstElementChild.lastElementChild.append(licence(voice));
      card.append(this.#sampleButton(voice));
      this.#box.append(card);
    }
    this.#terms();
  }

  #card(value, initial, name, about) {
    const input = make("input", {
      type: "radio", name: "voice", value, className: "unseen", checked: value === this.chosen,
    });
    input.addEventListener("change", () => {
      this.chosen = value;
      saveSetting("voice", value);
      this.#terms();
    });
    const avatar = make("i", { className: "avatar", textContent: initial });
    avatar.ariaHidden = "true";
    return make(
      "div", { className: "voice" },
      make(
        "label", {}, input, avatar,
        make("span", {}, make("b", { textContent: name }), make("small", { textContent: about })),
      ),
    );
  }

  #sampleButton(voice) {
    const button = make("button", { type: "button", className: "sample", value: voice.name });
    button.append(
      ...["when-idle", "when-busy"].map((name) => $("listen-button").querySelector(`.${name}`).cloneNode(true)),
    );
    button.addEventListener("click", () =>
      this.#onSample(this.#sampled === voice.name ? null : voice),
    );
    label(button, this.#sampled);
    return button;
  }

  /** Show what the catalogue says of the voices that may be used next. */
  #terms() {
    const list = $("voice-terms");
    const used = this.#voices.filter(({ name }) => !this.chosen || name === this.chosen);
    const notices = new Map(used.filter(({ notice }) => notice).map((v) => [v.model, v.notice]));
    list.replaceChildren(
      ...[...notices].map(([model, notice]) => make("li", {}, make("b", {}, model), ` ${notice}`)),
    );
    list.hidden = !notices.size;
  }
}

/** Return the licence as a tag: its first part, the whole of it as a title. */
function licence({ licence: whole, notice }) {
  const [name] = whole.split(/[;(]/);
  const text = notice ? t("voice.terms", { licence: name.trim() }) : name.trim();
  return make("small", { className: notice ? "licence conditions" : "licence", title: whole }, text);
}

function label(button, sampled) {
  const playing = sampled === button.value;
  button.classList.toggle("busy", playing);
  const text = t(playing ? "voice.stop" : "voice.sample", { name: button.value });
  button.setAttribute("aria-label", text);
  button.title = text;
}
