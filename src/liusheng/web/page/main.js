/** The page: tabs, language, theme, state of the server. */

import { Liusheng, LiushengError } from "../liusheng/liusheng.js";
import { CodePanel } from "./code.js";
import { ConversationPanel } from "./conversation.js";
import { $, hideError, renderNotice, showError } from "./dom.js";
import { onLanguage, t, translate } from "./i18n.js";
import { ListenPanel } from "./listen.js";
import { askForKey } from "./key.js";
import { loadKey, saveKey } from "./storage.js";
import { SpeakPanel } from "./speak.js";
import { TalkPanel } from "./talk.js";
import { startTop } from "./top.js";
import { Wire } from "./wire.js";

const TABS = ["speak", "listen", "talk"];
const RETRY = 2_000;

const wire = new Wire();
const server = new Liusheng(undefined, {
  onFrame: (frame) => wire.frame(frame), apiKey: loadKey(),
});
const code = new CodePanel(server);
let panels = {};
let health = "connecting";
let info = null;

function show(tab, focus = false) {
  for (const name of TABS) {
    const chosen = name === tab;
    const button = $(`tab-${name}`);
    if (!chosen && !$(name).hidden) panels[name]?.stop();
    $(name).hidden = !chosen;
    button.setAttribute("aria-selected", chosen);
    button.tabIndex = chosen ? 0 : -1;
    if (chosen && focus) button.focus();
  }
  history.replaceState(null, "", `#/${tab}`);
  code.clear();
  if (isSecureContext) return;
  // Synthesis needs nothing that browsers refuse here.
  if (tab === "listen") hideError("insecure_context");
  else showError(new LiushengError("insecure_context", ""));
}

function tabs() {
  for (const name of TABS) $(`tab-${name}`).addEventListener("click", () => show(name));
  $("tab-speak").parentElement.addEventListener("keydown", ({ key }) => {
    const at = TABS.findIndex((name) => !$(name).hidden);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 }[key];
    if (to !== undefined) show(TABS[(to + TABS.length) % TABS.length], true);
  });
  const requested = location.hash.slice(2);
  show(TABS.includes(requested) ? requested : "speak");
}

function renderHealth() {
  const { host } = server.base;
  $("health").className = `health ${health}`;
  $("health").lastElementChild.textContent = t(`health.${health}`, { host });
  const models = new Set([
    ...Object.values(info?.asr?.models ?? {}), ...(info?.tts?.voices ?? []).map(({ model }) => model),
    ...(info?.conversation ? [info.conversation.model] : []),
  ]);
  $("about").textContent = info
    ? t("about", { version: info.version, models: [...models].join(", ") })
    : "";
}

async function connect() {
  for (;;) {
    try {
      info = await server.info();
      health = "ok";
      renderHealth();
      return;
    } catch (error) {
      const locked = error.code === "invalid_api_key";
      health = locked ? "locked" : "waiting";
      renderHealth();
      if (locked) {
        server.apiKey = await askForKey(Boolean(server.apiKey));
        saveKey(server.apiKey);
      } else {
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  }
}

startTop();
translate();
onLanguage(renderHealth);
onLanguage(renderNotice);
$("notice").querySelector("button").addEventListener("click", () => hideError());
tabs();
await connect();
if (info.conversation) {
  for (const part of ["name", "invitation"]) $(`talk-${part}`).dataset.t = `conversation.${part}`;
  translate();
}
panels = {
  speak: new SpeakPanel(server, info, code),
  listen: new ListenPanel(server, info, code),
  talk: new (info.conversation ? ConversationPanel : TalkPanel)(server, info, code),
};
document.body.dataset.ready = "true";
