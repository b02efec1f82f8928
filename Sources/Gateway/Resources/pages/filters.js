// One control for each field that the collection can be filtered on, and what they make together: a filter for a search's
// body, parameters for a list, and the part of the page's address that brings them back.

import { element, label } from "./hits.js";

const prefix = "f.";

/** The controls of one collection. `onChange` is called when a person has changed one. */
export class Filters {
  constructor(container, fields, onChange) {
    this.fields = fields;
    this.controls = new Map();
    /** The values offered for fields of free text, by the field's name. */
    this.suggestions = new Map();
    container.replaceChildren(...fields.map((field) => this.#group(field)));
    for (const control of this.controls.values()) control.addEventListener("change", onChange);
  }

  #group(field) {
    const id = `filter-${field.name}`;
    if (field.type === "number" || field.type === "timestamp") return this.#range(field, id);
    const control = field.type === "boolean" || field.values
      ? this.#select(field, field.values ?? [true, false]) : this.#text(field, id);
    control.id = id;
    this.controls.set(field.name, control);
    const parts = [element("label", { htmlFor: id, textContent: label(field.name) }), control];
    if (this.suggestions.has(field.name)) parts.push(this.suggestions.get(field.name));
    return element("div", { className: "filter" }, parts);
  }

  #select(field, values) {
    const options = values.map((value) => element("option", { value: JSON.stringify(value), textContent: shown(value) }));
    return element("select", {}, [element("option", { value: "", textContent: "any" }), ...options]);
  }

  #text(field, id) {
    const list = element("datalist", { id: `${id}-values` });
    const control = element("input", { type: "text", autocomplete: "off", spellcheck: false, placeholder: "exactly" });
    control.setAttribute("list", list.id);
    this.suggestions.set(field.name, list);
    return control;
  }

  #range(field, id) {
    const type = field.type === "number" ? "number" : "date";
    const ends = [["gte", "from"], ["lte", "to"]].map(([operator, word]) => {
      const control = element("input", { type, id: `${id}-${operator}`, ariaLabel: `${label(field.name)} ${word}` });
      if (type === "number") Object.assign(control, { step: "any", placeholder: word, inputMode: "decimal" });
      this.controls.set(`${field.name}.${operator}`, control);
      return control;
    });
    return element("div", { className: "filter", role: "group", ariaLabel: label(field.name) }, [
      element("span", { className: "filter-name", textContent: label(field.name) }),
      element("div", { className: "range" }, [ends[0], element("span", { textContent: "–", ariaHidden: "true" }), ends[1]]),
    ]);
  }

  /** How many conditions are set. */
  get count() { return this.conditions.length; }

  /** What is set: field, operator, and the value as the API takes it. */
  get conditions() {
    return this.fields.flatMap((field) => {
      const set = (operator) => this.controls.get(operator ? `${field.name}.${operator}` : field.name)?.value ?? "";
      if (field.type === "number") {
        return ["gte", "lte"].filter((operator) => set(operator) !== "")
          .map((operator) => ({ field: field.name, operator, value: Number(set(operator)) }));
      }
      if (field.type === "timestamp") {
        // A day is all of its instants, in the time zone of whoever reads.
        return ["gte", "lte"].filter((operator) => set(operator) !== "").map((operator) => ({
          field: field.name, operator: operator === "gte" ? "gte" : "lt", value: midnight(set(operator), operator === "gte" ? 0 : 1),
        }));
      }
      const text = set("");
      if (text.trim() === "") return [];
      return [{ field: field.name, operator: "eq", value: field.values || field.type === "boolean" ? JSON.parse(text) : text }];
    });
  }

  /** For the body of a search; `undefined` without a condition. */
  get body() {
    const filter = Object.create(null);
    for (const { field, operator, value } of this.conditions) (filter[field] ??= {})[operator] = value;
    return this.count ? filter : undefined;
  }

  /** For a list. */
  get parameters() {
    return this.conditions.map(({ field, operator, value }) => [operator === "eq" ? field : `${field}.${operator}`, String(value)]);
  }

  /** Writes what is set into the page's address. */
  write(address) {
    for (const [name, control] of this.controls) if (control.value !== "") address.set(prefix + name, plain(control));
  }

  /** Sets the controls from the page's address; what does not fit one is left out. */
  read(address) {
    for (const [name, control] of this.controls) {
      const given = address.get(prefix + name);
      if (given === null) control.value = "";
      else if (control instanceof HTMLSelectElement) {
        control.value = [...control.options].find((option) => option.value && shown(JSON.parse(option.value)) === given)?.value ?? "";
      } else control.value = given;
    }
  }

  clear() { for (const control of this.controls.values()) control.value = ""; }

  /** Offers the values of text fields that have been seen among the results. */
  suggest(records) {
    for (const field of this.fields) {
      const list = this.suggestions.get(field.name);
      if (!list) continue;
      const known = new Set([...list.children].map((option) => option.value));
      for (const value of records.flatMap((record) => record[field.name] ?? [])) {
        if (known.size >= 200) break;
        if (typeof value === "string" && value && !known.has(value)) {
          known.add(value);
          list.append(element("option", { value }));
        }
      }
    }
  }
}

function shown(value) { return value === true ? "yes" : value === false ? "no" : String(value); }

function plain(control) {
  return control instanceof HTMLSelectElement ? shown(JSON.parse(control.value)) : control.value;
}

/** The beginning of the day `days` after `date` (`2026-04-01`), as an instant in UTC. */
function midnight(date, days) {
  const [year, month, day] = date.split("-").map(Number);
  return new Date(year, month - 1, day + days).toISOString();
}
