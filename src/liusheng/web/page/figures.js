/** What was measured, in sentences: each one is shown once there is something to tell. */

import { make } from "./dom.js";
import { onLanguage, t } from "./i18n.js";

export class Figures {
  #list;
  #order;
  #shown = new Map(); // name: {values, item}

  /**
   * @param {HTMLElement} list shows them; it is hidden while there are none
   * @param {string[]} order the names of the sentences, in their order
   */
  constructor(list, order) {
    this.#list = list;
    this.#order = order;
    onLanguage(() => {
      for (const name of this.#shown.keys()) this.#render(name);
    });
  }

  clear() {
    this.#shown.clear();
    this.#list.replaceChildren();
    this.#list.hidden = true;
  }

  /**
   * Show the sentence "figure.NAME".
   * @param {string} name
   * @param {() => object} values gives the values of the sentence, in the page's language
   */
  set(name, values) {
    const item = this.#shown.get(name)?.item ?? make("li");
    item.dataset.figure = name;
    this.#shown.set(name, { values, item });
    this.#render(name);
    if (!item.parentElement) this.#list.insertBefore(item, this.#after(name));
    this.#list.hidden = false;
  }

  /** Return the first shown item that comes after a name; null: none. */
  #after(name) {
    const later = this.#order.slice(this.#order.indexOf(name) + 1);
    return later.map((each) => this.#shown.get(each)?.item).find(Boolean) ?? null;
  }

  #render(name) {
    const { values, item } = this.#shown.get(name);
    const text = t(`figure.${name}`, values());
    if (item.textContent !== text) item.textContent = text;
  }
}

/**
 * Return a duration in words: "0.34 seconds", "12 seconds", "2 minutes 5 seconds".
 * @param {number} ms
 * @param {number} [digits] after the point; by default two digits are given, or more
 */
export function inWords(ms, digits) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds >= 59.5) {
    const whole = Math.round(seconds);
    return t("duration.minutes", { minutes: Math.floor(whole / 60), seconds: whole % 60 });
  }
  const text = seconds.toFixed(digits ?? (seconds < 1 ? 2 : seconds < 9.95 ? 1 : 0));
  return t(text === "1" ? "duration.second" : "duration.seconds", { seconds: text });
}
