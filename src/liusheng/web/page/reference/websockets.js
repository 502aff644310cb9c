/** The WebSockets and the messages of the API, from its AsyncAPI and OpenAPI descriptions. */

import { make } from "../dom.js";
import { t } from "../i18n.js";

/** Return an element for each channel, with what clients and the server send. */
export function channels({ channels: found }, titled) {
  return Object.values(found).map(({ address, title, messages }) => {
    const lists = { client: make("dl"), server: make("dl") };
    for (const [key, { name, payload }] of Object.entries(messages)) {
      const list = lists[key.startsWith("client.") ? "client" : "server"];
      list.append(make("dt", {}, make("code", {}, name)), make("dd", {}, ...type(payload)));
    }
    return make(
      "details", {},
      make("summary", {}, make("b", {}, "WebSocket"), make("code", {}, address), ` ${titled(title)}`),
      make("h3", {}, t("reference.client")), lists.client,
      make("h3", {}, t("reference.server")), lists.server,
    );
  });
}

/** Return an element for each type of message, which links lead to. */
export function schemas(components) {
  return Object.entries(components).map(([name, { description = "", properties = {}, required = [] }]) => {
    const rows = Object.entries(properties).map(([field, schema]) =>
      make(
        "tr", {},
        make("th", { scope: "row" }, make("code", {}, field)),
        make("td", {}, ...type(schema)),
        make("td", {}, required.includes(field) ? t("reference.required") : standard(schema)),
      ),
    );
    return make(
      "details", { id: `message-${name}` },
      make("summary", {}, make("code", {}, name)),
      make("pre", { lang: "en" }, description),
      make("table", {}, make("tbody", {}, ...rows)),
    );
  });
}

/** Open the type that the address names. */
export function openNamed() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!(target instanceof HTMLDetailsElement)) return;
  target.open = true;
  target.scrollIntoView();
}

function standard({ default: value }) {
  return value === undefined ? "" : `${t("reference.default")} ${JSON.stringify(value)}`;
}

/** Return a schema in a line, with links to the types that it names. */
function type(schema) {
  if (!schema || schema.format === "binary") return [t("reference.bytes")];
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1);
    return [make("a", { href: `#message-${name}` }, name)];
  }
  for (const [word, joint] of [["anyOf", " | "], ["oneOf", " | "], ["allOf", " & "]]) {
    if (schema[word]) return schema[word].flatMap((each, i) => (i ? [joint] : []).concat(type(each)));
  }
  if (schema.type === "array") {
    const items = schema.items ?? schema.prefixItems?.[0];
    return ["[", ...(items ? type(items) : []), ", …]"];
  }
  return [make("code", {}, plain(schema))];
}

function plain({ description: _, default: __, title: ___, ...schema }) {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.type === "object" && schema.properties) {
    const fields = Object.entries(schema.properties);
    return `{${fields.map(([name, of]) => `${JSON.stringify(name)}: ${plain(of)}`).join(", ")}}`;
  }
  const { type: name, ...limits } = schema;
  const rest = Object.entries(limits).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return [name ?? "any", rest.length ? `(${rest.join(", ")})` : ""].join(" ").trim();
}
