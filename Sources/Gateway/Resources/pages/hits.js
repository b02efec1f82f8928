// Records as a person reads them. What a record holds goes into the page as text and never as markup: nodes are made
// here, by name, and content is only ever given to `textContent`.

import { recordAddress } from "./api.js";

/** An element with properties and children. */
export function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** `salary_min` as "Salary min". */
export function label(name) {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Which fields of a collection make a hit's heading, its line of facts and its text. Decided by what is declared, since
    that is the same for every record. */
export class Layout {
  constructor(collection) {
    const types = new Map(collection.fields.map(({ name, schema }) => [name, plainSchema(schema)]));
    const isText = (name) => types.get(name)?.type === "string" && !types.get(name).format;
    const order = [...collection.embed, ...collection.fields.map(({ name }) => name)];
    const texts = [...new Set(order)].filter((name) => isText(name) || types.get(name)?.enum);
    this.heading = texts.find(isText) ?? null;
    const long = (name) => /description|text|body|content|summary|abstract/.test(name) || (types.get(name).maxLength ?? 0) > 1000;
    this.text = texts.find((name) => name !== this.heading && isText(name) && long(name)) ?? null;
    this.lead = texts.filter((name) => collection.embed.includes(name) && name !== this.heading && name !== this.text);
    const taken = new Set([this.heading, this.text, ...this.lead]);
    const isShort = (name) => ["number", "integer", "boolean"].includes(types.get(name)?.type) || types.get(name)?.format
      || types.get(name)?.enum || (collection.filters.some((filter) => filter.name === name) && !taken.has(name));
    this.facts = collection.fields.map(({ name }) => name).filter((name) => !taken.has(name) && isShort(name)).slice(0, 6);
    this.formats = new Map([...types].map(([name, schema]) => [name, schema.format]));
    for (const name of ["created_at", "updated_at"]) this.formats.set(name, "date-time");
  }
}

/** Without the null that an optional field may be. */
function plainSchema(schema) {
  return schema.anyOf?.find((choice) => choice.type !== "null") ?? schema;
}

/**
 * One record in the list.
 * @param scale Score to 0...1, the length of its bar; absent for records that no search has scored.
 * @param onLike Called with the record when a person wants more like it; absent where that cannot be searched for.
 */
export function hit(record, { collection, layout, scale, words, onLike }) {
  const detailsID = `record-${record.id}`;
  const heading = text(layout.heading && record[layout.heading]) || `Record ${record.id}`;
  const toggle = element("button", { type: "button", className: "hit-toggle" });
  toggle.append(...marked(heading, words));
  toggle.setAttribute("aria-expanded", "false");
  toggle.setAttribute("aria-controls", detailsID);
  const details = element("div", { id: detailsID, className: "details", hidden: true });
  toggle.addEventListener("click", () => {
    // Made when it is first wanted: most records are never opened.
    if (!details.hasChildNodes()) details.append(...detailParts(record, collection, layout, onLike));
    details.hidden = !details.hidden;
    toggle.setAttribute("aria-expanded", String(!details.hidden));
  });
  const parts = [element("div", { className: "hit-top" }, [element("h2", {}, [toggle]), ...(scale ? [score(record.score, scale)] : [])])];
  const lead = layout.lead.map((name) => text(record[name])).filter(Boolean).join(" · ");
  if (lead) parts.push(element("p", { className: "lead" }, marked(lead, words)));
  const body = text(layout.text && record[layout.text]);
  if (body) parts.push(element("p", { className: "snippet" }, marked(body.slice(0, 2000), words)));
  const facts = layout.facts.filter((name) => isPresent(record[name]));
  if (facts.length) {
    parts.push(element("ul", { className: "facts" }, facts.map((name) => element("li", {}, [
      element("span", { className: "fact-name", textContent: label(name) }), " ", short(record[name], layout.formats.get(name)),
    ]))));
  }
  return element("li", { className: "hit" }, [element("article", {}, [...parts, details])]);
}

function score(value, scale) {
  const bar = element("span", { className: "bar", ariaHidden: "true" }, [element("span")]);
  bar.firstChild.style.width = `${Math.round(Math.min(1, Math.max(0, scale(value))) * 100)}%`;
  return element("p", { className: "score", title: `Score ${value}` }, [
    element("span", { className: "visually-hidden", textContent: "Score " }),
    element("span", { textContent: value.toFixed(Math.abs(value) < 0.1 ? 4 : 3) }), bar,
  ]);
}

function detailParts(record, collection, layout, onLike) {
  const rows = Object.entries(record).filter(([name]) => name !== "score").flatMap(([name, value]) => [
    element("dt", { textContent: name }), element("dd", {}, [full(value, layout.formats.get(name))]),
  ]);
  const actions = [element("a", { href: recordAddress(collection.name, record.id), textContent: "JSON" })];
  if (onLike) {
    const button = element("button", { type: "button", textContent: "More like this" });
    button.addEventListener("click", () => onLike(record));
    actions.unshift(button);
  }
  return [element("dl", {}, rows), element("p", { className: "actions" }, actions)];
}

// MARK: Values

function isPresent(value) { return value !== null && value !== undefined && value !== ""; }

function text(value) { return isPresent(value) ? (typeof value === "object" ? JSON.stringify(value) : String(value)) : ""; }

/** A value in a few characters. */
function short(value, format) {
  if (typeof value === "number") return value.toLocaleString();
  if (typeof value === "boolean") return value ? "yes" : "no";
  const day = format === "date-time" || format === "date" ? new Date(value) : null;
  if (day && !Number.isNaN(day.valueOf())) return day.toLocaleDateString(undefined, { dateStyle: "medium" });
  const whole = Array.isArray(value) ? value.map(text).join(", ") : text(value);
  return whole.length > 80 ? `${whole.slice(0, 79)}…` : whole;
}

/** A value whole: a web address as a link, a structure as JSON, nothing as a dash. */
function full(value, format) {
  if (!isPresent(value)) return element("span", { className: "absent", textContent: "–" });
  if (typeof value === "object") return element("pre", { textContent: JSON.stringify(value, null, 2) });
  if (typeof value === "string") {
    const address = webAddress(value);
    if (address) return element("a", { href: address, rel: "noopener noreferrer nofollow", target: "_blank", textContent: value });
    if (format === "date-time") return element("time", { dateTime: value, textContent: value, title: new Date(value).toLocaleString() });
  }
  return document.createTextNode(String(value));
}

/** The address in `text` where it is one of the web and nothing else: no script hides behind a link. */
function webAddress(text) {
  if (!/^https?:\/\/\S+$/i.test(text)) return null;
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** `text` as nodes, with the words that were searched for marked. */
function marked(text, words) {
  if (!words?.length) return [text];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${words.join("|")})`, "giu");
  return text.split(pattern).map((part, index) => (index % 2 ? element("mark", { textContent: part }) : part)).filter(Boolean);
}

/** The words of a query that are worth marking, letters and digits alone, longest first so that none hides another. */
export function wordsOf(query) {
  const words = query.match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  const dull = new Set(["the", "and", "for", "with", "that", "this", "from", "are", "who", "what", "into"]);
  return [...new Set(words.map((word) => word.toLowerCase()))].filter((word) => !dull.has(word))
    .sort((a, b) => b.length - a.length).slice(0, 32);
}
