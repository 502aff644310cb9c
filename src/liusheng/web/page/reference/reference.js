/** The reference of the API at /docs: HTTP in Swagger UI, WebSockets below it; in two languages. */

import { $ } from "../dom.js";
import { addTranslations, current, onLanguage, t, translate } from "../i18n.js";
import { loadKey } from "../storage.js";
import { isDark } from "../theme.js";
import { startTop } from "../top.js";
import { LABELS, TEXTS, TITLES } from "./translations.js";
import { channels, openNamed, schemas } from "./websockets.js";

const GROUPS = [
  ["/v1/", "reference.openai"],
  ["/paddlespeech/", "reference.paddlespeech"],
  ["", "reference.operation"],
];

let http = null;
let sockets = null;

/** A plugin of the viewer: operations and authorisation only, since the page has the rest. */
const OURS = ({ React: { createElement } }) => ({
  components: {
    ReferenceLayout: ({ getComponent }) =>
      createElement(
        "div", { className: "swagger-ui" },
        createElement(getComponent("SvgAssets")),
        createElement(getComponent("AuthorizeBtnContainer", true)),
        createElement(getComponent("operations", true)),
      ),
  },
});

/** Return a title of the description in the page's language. */
function titled(title) {
  if (current() === "en") return title;
  const about = /^Describe (\/\S+)\.$/.exec(title);
  return about ? t("reference.about", { path: about[1] }) : (TITLES[title] ?? title);
}

/** Return the description with titles in the page's language, and operations in groups. */
function localised(description) {
  const copy = structuredClone(description);
  copy.tags = GROUPS.map(([, key]) => ({ name: t(key) }));
  for (const [path, operations] of Object.entries(copy.paths)) {
    const [, group] = GROUPS.find(([start]) => path.startsWith(start));
    for (const operation of Object.values(operations)) {
      operation.summary = titled(operation.summary);
      operation.tags = [t(group)];
      for (const response of Object.values(operation.responses)) {
        response.description = titled(response.description);
      }
    }
  }
  return copy;
}

function render() {
  if (!http) return;
  $("viewer").replaceChildren();
  const viewer = globalThis.SwaggerUIBundle({
    spec: localised(http),
    domNode: $("viewer"),
    validatorUrl: null, // it would ask another host
    plugins: [OURS],
    layout: "ReferenceLayout",
    docExpansion: "list",
    tryItOutEnabled: true,
    onComplete: () => loadKey() && viewer.preauthorizeApiKey("apiKey", loadKey()),
  });
  $("channels").replaceChildren(...channels(sockets, titled));
  const messages = { ...http.components.schemas, ...sockets.components.schemas };
  $("schemas").replaceChildren(...schemas(messages));
}

/** The viewer is in English: put its labels into the page's language as they appear. */
function labels() {
  const put = (node) => {
    if (current() === "en") return;
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    for (let text = walker.currentNode; text; text = walker.nextNode()) {
      const found = text.nodeType === Node.TEXT_NODE && LABELS[text.data.trim()];
      if (found) text.data = found;
    }
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      if (target.nodeType === Node.TEXT_NODE) put(target);
      for (const node of addedNodes) put(node);
    }
  }).observe($("viewer"), { childList: true, subtree: true, characterData: true });
}

async function fetched(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function shade() {
  document.documentElement.classList.toggle("dark-mode", isDark());
}

addTranslations(TEXTS);
startTop();
shade();
document.addEventListener("theme", shade);
translate();
labels();
try {
  [http, sockets] = await Promise.all([fetched("openapi.json"), fetched("asyncapi")]);
} catch (error) {
  $("failed").textContent = t("reference.failed", { reason: error.message });
}
onLanguage(render);
addEventListener("hashchange", openNamed);
openNamed();
document.body.dataset.ready = "true";
