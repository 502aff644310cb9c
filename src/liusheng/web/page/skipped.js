/** What of a text was not read, in words. */

import { has, t } from "./i18n.js";

const LISTED = 5; // different texts that are named
const QUOTED = 20; // characters of each

/** Name what was not read, each text once, with its reason, in the page's language. */
export function listed(skipped) {
  const parts = [...new Set(skipped.map(described))];
  const named = parts.slice(0, LISTED).join(t("skipped.between"));
  const count = parts.length - LISTED;
  return count > 0 ? t("skipped.more", { named, count }) : named;
}

function described({ text, reason }) {
  const characters = [...text.replace(/\s+/g, " ").trim()];
  const ending = characters.length > QUOTED ? "…" : "";
  const key = `skipped.${reason}`;
  return t("skipped.part", {
    text: characters.slice(0, QUOTED).join("") + ending,
    reason: has(key) ? t(key) : reason,
  });
}
