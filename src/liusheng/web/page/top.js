/** The head of every page: the name, and the buttons for language and theme. */

import { startLanguage } from "./i18n.js";
import { startTheme } from "./theme.js";

const BRAND = `
  <a class="brand" href="./" aria-label="Liusheng 流声">
    <img src="icon.svg" alt="" width="36" height="36">
    <span class="brand-name"><b>流声</b><span>Liusheng</span></span>
  </a>`;

const TOOLS = `
  <button type="button" class="tool" id="language"></button>
  <button type="button" class="tool icon" id="theme" data-t-label="theme">
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9Z"/></svg>
  </button>`;

/** Complete the head, and make its buttons work. */
export function startTop() {
  const top = document.querySelector("header.top");
  top.insertAdjacentHTML("afterbegin", BRAND);
  top.querySelector(".tools").insertAdjacentHTML("afterbegin", TOOLS);
  startTheme();
  startLanguage();
}
