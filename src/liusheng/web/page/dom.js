/** Helpers that every part of the page uses. */

import { has, t } from "./i18n.js";

export const $ = (id) => document.getElementById(id);

/** Make an element; `children` are elements or text. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Return seconds as "1:05". */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Return milliseconds as "340 ms" or "1.2 s"; "–" for null. */
export function duration(ms) {
  if (ms === null || !Number.isFinite(ms)) return "–";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Download a file that the page made. */
export function download(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Return a file name with the current time, without extension. */
export function fileName() {
  const now = new Date();
  const part = (n) => String(n).padStart(2, "0");
  return (
    `liusheng-${now.getFullYear()}${part(now.getMonth() + 1)}${part(now.getDate())}` +
    `-${part(now.getHours())}${part(now.getMinutes())}${part(now.getSeconds())}`
  );
}

let shown = null;

/** Display an error: translated where the code is known, otherwise the server's message. */
export function showError(error) {
  shown = { code: error.code ?? "", message: error.message ?? String(error) };
  renderNotice();
}

/** Remove the error. */
export function hideError() {
  shown = null;
  renderNotice();
}

/** Render the error in the page's language. */
export function renderNotice() {
  const notice = $("notice");
  notice.hidden = !shown;
  if (!shown) return;
  const key = `error.${shown.code}`;
  const values = { origin: location.origin, port: location.port || "80" };
  notice.querySelector("b").textContent = t(has(key) ? key : "error.title");
  notice.querySelector("p").textContent = has(key) ? t(`${key}.do`, values) : shown.message;
}

/** Set the state of a panel's main button. */
export function setBusy(button, busy, label) {
  button.classList.toggle("busy", busy);
  button.setAttribute("aria-label", label);
  button.title = label;
}
