/** The documents of the server, which it has itself: Markdown in `documents/`, in two languages. */

import { $, make } from "../dom.js";
import { current, onLanguage, t, translate } from "../i18n.js";
import { startTop } from "../top.js";
import { marked } from "../vendor/marked/marked.esm.js";
import { DOCUMENTS } from "./list.js";

const FIRST = "page.md";

/** Return {path, anchor} of the address, such as "#/zh/page.md#talk": the path is below documents/. */
function named() {
  const [, path = "", anchor = ""] = /^#\/([^#]*)#?(.*)$/.exec(location.hash) ?? [];
  return { path: path || inLanguage(FIRST), anchor: decodeURIComponent(anchor) };
}

/** Return the path of a document in the page's language. */
function inLanguage(path) {
  const name = path.replace(/^zh\//, "");
  return current() === "zh" ? `zh/${name}` : name;
}

function list(path) {
  $("list").replaceChildren(
    ...Object.entries(DOCUMENTS).map(([name, titles]) => {
      const link = make("a", { href: `#/${inLanguage(`${name}.md`)}` }, titles[current()]);
      if (inLanguage(path) === inLanguage(`${name}.md`)) link.ariaCurrent = "page";
      return link;
    }),
  );
}

let shown = "";

async function show() {
  const { path, anchor } = named();
  list(path);
  if (shown !== path) {
    shown = path;
    const text = await fetched(path);
    if (shown !== path) return;
    // A template loads nothing before the addresses in it are resolved.
    const template = make("template", { innerHTML: marked.parse(text) });
    const { content } = template;
    for (const heading of content.querySelectorAll("h1, h2, h3, h4")) heading.id = slug(heading.textContent);
    for (const element of content.querySelectorAll("a, img")) resolve(element, path);
    for (const corner of content.querySelectorAll("th:empty")) corner.replaceWith(make("td"));
    for (const wide of content.querySelectorAll("pre, table")) wide.tabIndex = 0; // they scroll
    $("main").replaceChildren(content);
    $("main").lang = path.startsWith("zh/") ? "zh-CN" : "en";
    document.title = `${$("main").querySelector("h1")?.textContent ?? path} · Liusheng 流声`;
  }
  if (anchor) document.getElementById(anchor)?.scrollIntoView();
  else scrollTo(0, 0);
}

/** Return the text of a document; nothing but documents is shown, whatever the address names. */
async function fetched(path) {
  const address = new URL(path, base());
  const isDocument = address.href.startsWith(base().href) && address.pathname.endsWith(".md");
  const response = isDocument ? await fetch(address).catch(() => null) : null;
  return response?.ok ? response.text() : `# ${t("documents.missing")}`;
}

const base = () => new URL("documents/", location.href.split("#")[0]);

/** Make an address work that is relative to the document. */
function resolve(element, path) {
  const attribute = element.tagName === "IMG" ? "src" : "href";
  const address = element.getAttribute(attribute) ?? "";
  if (/^[a-z]+:/i.test(address)) return;
  const root = base();
  const target = new URL(address, new URL(path, root));
  if (!target.href.startsWith(root.href)) element.replaceWith(...element.childNodes); // not in the package
  else if (target.pathname.endsWith(".md")) element.href = `#/${target.href.slice(root.href.length)}`;
  else element[attribute] = target.href;
}

/** The name of a heading in addresses, as in repositories. */
function slug(text) {
  return text.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
}

startTop();
translate();
addEventListener("hashchange", show);
let language = current();
onLanguage(() => {
  if (language === current()) return;
  language = current();
  location.hash = `#/${inLanguage(named().path)}`;
});
await show();
document.body.dataset.ready = "true";
