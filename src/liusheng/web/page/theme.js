/** Light or dark: as the system has it, until the button chooses. */

import { $ } from "./dom.js";
import { loadSetting, saveSetting } from "./storage.js";

const SYSTEM = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now. */
export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : SYSTEM.matches;
}

/** Apply what was stored, and make the button work; the document gets the event "theme". */
export function startTheme() {
  document.documentElement.dataset.theme = loadSetting("theme") ?? "";
  const changed = () => document.dispatchEvent(new Event("theme"));
  SYSTEM.addEventListener("change", changed);
  $("theme").addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    saveSetting("theme", theme);
    changed();
  });
}
