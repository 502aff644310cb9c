/** The page's language: detected, switched, stored. */

import { loadSetting, saveSetting } from "./storage.js";
import { TRANSLATIONS } from "./translations.js";

let language = loadSetting("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
const listeners = new Set();

/** The language in use: "en" or "zh". */
export const current = () => language;

/** Return the translation of this key, with {names} filled in. */
export function t(key, values = {}) {
  const text = TRANSLATIONS[language][key];
  if (text === undefined) throw new Error(`no translation for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Whether there is a translation for this key. */
export const has = (key) => key in TRANSLATIONS[language];

/** Call `render` now, and again whenever the language changes. */
export function onLanguage(render) {
  listeners.add(render);
  render();
}

/** Switch to the other language. */
function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  saveSetting("language", language);
  translate();
}

/** Add the texts of a part of the page, in both languages. */
export function addTranslations(texts) {
  for (const name of Object.keys(TRANSLATIONS)) Object.assign(TRANSLATIONS[name], texts[name]);
}

/** Make the button that switches the language work. */
export function startLanguage() {
  const button = document.getElementById("language");
  onLanguage(() => {
    button.textContent = t("other");
    button.lang = language === "en" ? "zh-CN" : "en";
  });
  button.addEventListener("click", switchLanguage);
}

/** Put the translations into the document. */
export function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-t]")) {
    element.textContent = t(element.dataset.t);
  }
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
    if (element.classList.contains("icon")) element.title = t(element.dataset.tLabel);
  }
  for (const element of document.querySelectorAll("[data-t-placeholder]")) {
    element.placeholder = t(element.dataset.tPlaceholder);
  }
  for (const render of listeners) render();
}

/** Return the name of a language code in the page's language. */
export function languageName(code) {
  try {
    return new Intl.DisplayNames([document.documentElement.lang], { type: "language" }).of(code);
  } catch {
    return code;
  }
}
