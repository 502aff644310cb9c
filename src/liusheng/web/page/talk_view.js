/** What both kinds of conversation display: bubbles, the state, the voice, figures. */

import { $, make, setBusy } from "./dom.js";
import { Figures, inWords } from "./figures.js";
import { onLanguage, t } from "./i18n.js";
import { LevelBars } from "./level_bars.js";

/** What one of the two said. */
class Bubble {
  #element;
  #name;
  #text = make("p");

  constructor(who, name) {
    this.#name = make("small", {}, name);
    this.#element = make("div", { className: who }, this.#name, this.#text);
    $("conversation").append(this.#element);
    $("talk-invitation").hidden = true;
  }

  /** draft: the text may still change. */
  write(text, { draft = false } = {}) {
    this.#text.textContent = text;
    this.#element.classList.toggle("draft", draft);
    const box = $("conversation");
    box.scrollTop = box.scrollHeight;
  }

  /** Add to the text. */
  append(text) {
    this.write(this.#text.textContent + text);
  }

  interrupt() {
    this.#element.classList.add("interrupted");
    this.#name.append(` · ${t("talk.interrupted")}`);
  }

  remove() {
    this.#element.remove();
  }
}

export class TalkView {
  bars = new LevelBars($("talk-bars"));
  state;
  #figures = new Figures($("talk-figures"), ["turns", "reply", "stopped"]);
  #idle;
  #busy = false;

  /**
   * @param {{name: string}[]} voices
   * @param {string} automatic names the choice of no voice
   * @param {string} idle names the state without a conversation
   */
  constructor(voices, automatic, idle) {
    this.#idle = idle;
    this.state = idle;
    onLanguage(() => {
      const select = $("talk-voice");
      const { value } = select;
      select.replaceChildren(
        new Option(t(automatic), ""), ...voices.map(({ name }) => new Option(name, name)),
      );
      select.value = value;
      this.#render();
    });
  }

  /** The name of the voice that was chosen; "": none. */
  get voice() {
    return $("talk-voice").value;
  }

  begin() {
    this.#busy = true;
    this.#figures.clear();
    this.setState("state.starting");
    this.#render();
  }

  end() {
    this.#busy = false;
    this.bars.clear();
    this.setState(this.#idle);
    this.#render();
  }

  setState(key) {
    this.state = key;
    $("talk-state").textContent = t(key);
  }

  /** Make a bubble. who: "you" or "it"; voice: of the reply. */
  bubble(who, voice = "") {
    return new Bubble(who, t(`talk.${who}`) + (voice && ` · ${voice}`));
  }

  turns(count) {
    this.#figures.set("turns", () => ({ count }));
  }

  /** A reply began so many ms after the last word; null: not known. */
  replied(ms) {
    if (ms !== null) this.#figures.set("reply", () => ({ time: inWords(ms) }));
  }

  /** A reply stopped so many ms after its interruption began; null: not known. */
  stopped(ms) {
    if (ms !== null) this.#figures.set("stopped", () => ({ time: inWords(ms) }));
  }

  #render() {
    this.setState(this.state);
    setBusy($("talk-button"), this.#busy, t(this.#busy ? "talk.stop" : "talk.start"));
  }
}

/** Return the milliseconds since a moment, or null for null. */
export function since(moment) {
  return moment === null ? null : performance.now() - moment;
}
