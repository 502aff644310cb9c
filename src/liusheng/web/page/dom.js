/** Helpers that every part of the page uses. */

import { has, t } from "./i18n.js";

export const $ = (id) => document.getElementById(id);

/** Make an element; `children` are elements or text. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Copy a text to the clipboard. */
export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Pages that are not on https or localhost have no other access to the clipboard.
  const area = make("textarea", { value: text });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
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

/** Remove the error; with a code, only an error with this code. */
export function hideError(code = shown?.code) {
  if (code !== shown?.code) return;
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
