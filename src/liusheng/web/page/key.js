/** Asks for the API key of a server that needs one. */

import { $ } from "./dom.js";
import { t } from "./i18n.js";

/**
 * Show the form, and resolve with the key that is entered.
 * @param {boolean} wrong the server did not accept the key before
 * @returns {Promise<string>}
 */
export function askForKey(wrong) {
  const form = $("key");
  const input = $("key-input");
  $("key-wrong").textContent = wrong ? t("key.wrong") : "";
  form.hidden = false;
  input.value = "";
  input.focus();
  return new Promise((resolve) => {
    form.onsubmit = (event) => {
      event.preventDefault();
      const key = input.value.trim();
      if (!key) return;
      form.hidden = true;
      input.value = "";
      resolve(key);
    };
  });
}
