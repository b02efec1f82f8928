// The search page: what a person asks for goes into the page's address, from there to the API, and what the API answers
// goes onto the page. The address is the only state, so that every search can be bookmarked, sent to somebody, gone back to.

import * as api from "./api.js";
import { Filters } from "./filters.js";
import { Layout, element, hit, wordsOf } from "./hits.js";

const $ = (id) => document.getElementById(id);
const offsetMax = 10_000;
const modeNames = { semantic: "meaning", hybrid: "meaning and words", keyword: "words" };

let catalog = { default: null, collections: [] };
let collection = null;
let filters = null;
let layout = null;
/** The record that others are to be like, or null. */
let like = null;
/** The search on the page: what was asked, how many are shown. Null before the first. */
let shown = null;
let running = null;

// MARK: Collections and controls

async function start() {
  wire();
  api.hasDocs().then((has) => document.querySelectorAll("[data-docs]").forEach((link) => { link.hidden = !has; }));
  await load();
}

async function load() {
  say("Loading…");
  try {
    catalog = await api.collections();
  } catch (error) {
    return fail(error, load);
  }
  const options = catalog.collections.map(({ name, title }) => element("option", { value: name, textContent: name, title: title ?? "" }));
  $("collection").replaceChildren(...options);
  readAddress();
}

function choose(name) {
  const chosen = catalog.collections.find((candidate) => candidate.name === name)
    ?? catalog.collections.find((candidate) => candidate.name === catalog.default) ?? catalog.collections[0];
  if (!chosen || chosen === collection) return;
  collection = chosen;
  layout = new Layout(collection);
  filters = new Filters($("filter-fields"), collection.filters, () => { countFilters(); if (shown) submit(); });
  $("collection").value = collection.name;
  $("mode").replaceChildren(...collection.modes.map((mode) => element("option", { value: mode, textContent: modeNames[mode] ?? mode })));
  $("mode").disabled = collection.modes.length < 2;
  $("query").disabled = collection.modes.length === 0;
  $("query").placeholder = collection.modes.includes("semantic")
    ? "Describe what you are looking for" : collection.modes.length ? "Words to look for" : "Not searched by text: browse it";
  $("filters-toggle").hidden = collection.filters.length === 0;
  document.title = "Kazi";
}

function countFilters() {
  $("filters-toggle").textContent = filters.count ? `Filters (${filters.count})` : "Filters";
  $("filters-clear").disabled = filters.count === 0;
}

function showFilters(visible) {
  $("filters").hidden = !visible;
  $("filters-toggle").setAttribute("aria-expanded", String(visible));
}

// MARK: The address

function address() {
  const parameters = new URLSearchParams();
  const query = $("query").value.trim();
  if (like !== null) parameters.set("like", like);
  else if (query) parameters.set("q", query);
  if (collection.name !== catalog.default) parameters.set("collection", collection.name);
  if (collection.modes.length && $("mode").value !== collection.modes[0]) parameters.set("mode", $("mode").value);
  if ($("limit").value !== "10") parameters.set("top_k", $("limit").value);
  filters.write(parameters);
  return parameters;
}

/** Puts the page into the state that its address describes, and runs the search in it where there is one. */
function readAddress() {
  const parameters = new URLSearchParams(location.search);
  choose(parameters.get("collection"));
  if (!collection) return say("This gateway has no collection.");
  const id = parameters.get("like");
  like = collection.vector && /^\d{1,19}$/.test(id ?? "") ? id : null;
  $("query").value = parameters.get("q") ?? "";
  setSelect($("mode"), parameters.get("mode"), 0);
  setSelect($("limit"), parameters.get("top_k"), 0);
  filters.read(parameters);
  countFilters();
  // On a small screen they would push the results out of sight; the button tells how many there are.
  if (filters.count && matchMedia("(min-width: 561px)").matches) showFilters(true);
  showLike();
  if (location.search.length > 1) run();
  else welcome();
}

function setSelect(select, value, fallbackIndex) {
  const index = [...select.options].findIndex((option) => option.value === value);
  select.selectedIndex = index < 0 ? fallbackIndex : index;
}

/** A search that a person has asked for: into the address, then onto the page. */
function submit() {
  if (!collection) return;
  const parameters = address().toString();
  // A search for everything is one too, and needs an address that says so.
  const target = `?${parameters || "q="}`;
  if (target !== location.search) history.pushState(null, "", target);
  run();
}

// MARK: Searching

/** Asks for what the controls say and shows the answer; with `more`, the hits after those that are there. */
async function run({ more = false } = {}) {
  running?.abort();
  const own = running = new AbortController();
  const offset = more ? shown.count : 0;
  const query = $("query").value.trim();
  const asked = more ? shown.asked : { query, like, mode: $("mode").value, limit: Number($("limit").value), filter: filters.body, parameters: filters.parameters };
  $("results").setAttribute("aria-busy", "true");
  $("more").disabled = true;
  say(asked.query || asked.like !== null ? "Searching…" : "Loading…");
  const startedAt = performance.now();
  try {
    const answer = await ask(asked, offset, own.signal);
    if (own !== running) return;
    answer.milliseconds = performance.now() - startedAt;
    show(asked, answer, offset);
  } catch (error) {
    if (own === running && error.name !== "AbortError") fail(error, () => run({ more }));
  } finally {
    if (own === running) {
      running = null;
      $("results").removeAttribute("aria-busy");
      $("more").disabled = false;
    }
  }
}

function ask(asked, offset, signal) {
  if (asked.like === null && !asked.query) {
    return api.list(collection.name, [["limit", asked.limit], ["offset", offset], ["sort", "-id"], ...asked.parameters], signal);
  }
  const body = asked.like !== null ? { like: Number(asked.like) } : { text: asked.query, mode: asked.mode };
  Object.assign(body, { top_k: asked.limit, offset });
  if (asked.filter) body.filter = asked.filter;
  return api.search(collection.name, body, signal);
}

function show(asked, answer, offset) {
  const { records } = answer;
  const count = offset + records.length;
  const isScored = asked.like !== null || asked.query !== "";
  if (offset === 0) {
    $("hits").replaceChildren();
    shown = { asked, count: 0, best: records[0]?.score ?? 0 };
  }
  shown.count = count;
  const isCosine = collection.vector?.metric === "cosine" && (asked.like !== null || asked.mode === "semantic");
  // A cosine means the same in every search; what other scores mean is only told by the best of the same list.
  const scale = !isScored ? undefined : isCosine ? (score) => score : (score) => (shown.best > 0 ? score / shown.best : 0);
  const words = asked.like === null ? wordsOf(asked.query) : [];
  const onLike = collection.vector ? (record) => { like = String(record.id); showLike(record); submit(); scrollTo({ top: 0 }); } : undefined;
  const first = $("hits").childElementCount;
  // A record that was written in between moves the others on, and the last page's end comes again.
  const fresh = records.filter(({ id }) => offset === 0 || !document.getElementById(`record-${id}`));
  $("hits").append(...fresh.map((record) => hit(record, { collection, layout, scale, words, onLike })));
  filters.suggest(records);
  $("problem").hidden = true;
  const hasMore = isScored ? records.length === asked.limit && count <= offsetMax : count < answer.total;
  $("more").hidden = !hasMore;
  if (offset > 0) $("hits").children[first]?.querySelector("button")?.focus();
  $("empty").replaceChildren(...(count ? [] : nothing(asked)));
  document.title = asked.query ? `${asked.query} – Kazi` : "Kazi";
  tell(answer, count, isScored);
}

/** What a search cost, in one line. */
function tell(answer, count, isScored) {
  const what = isScored ? plural(count, "result") : `${count.toLocaleString()} of ${plural(answer.total, "record")}`;
  const parts = [`${what} in ${milliseconds(answer.milliseconds)}`];
  for (const { name, milliseconds: time } of answer.timings) parts.push(`${name} ${milliseconds(time)}`);
  if (answer.coverage) parts.push(`${answer.coverage} shards`);
  say(parts.join(" · "));
}

function nothing(asked) {
  const parts = [element("p", { className: "empty-title", textContent: "Nothing found" })];
  if (asked.filter) {
    const button = element("button", { type: "button", textContent: "Clear filters" });
    button.addEventListener("click", clearFilters);
    parts.push(element("p", { textContent: "No record passes the filters together with what you searched for." }), button);
  } else if (asked.mode === "keyword" && asked.query) {
    parts.push(element("p", { textContent: "No record has these words. Fewer words find more." }));
  } else {
    parts.push(element("p", { textContent: `There is no record in “${collection.name}” yet.` }));
  }
  return parts;
}

function welcome() {
  running?.abort();
  shown = null;
  say("");
  $("problem").hidden = true;
  $("hits").replaceChildren();
  $("more").hidden = true;
  document.title = "Kazi";
  const browse = element("button", { type: "button", textContent: `Browse ${collection.name}` });
  browse.addEventListener("click", submit);
  const text = collection.modes.includes("semantic")
    ? "Write what you are looking for in your own words: records are found by what they mean."
    : "Look for words, or leave the field empty to see every record.";
  $("empty").replaceChildren(
    element("p", { className: "empty-title", textContent: collection.title ?? collection.name }),
    ...(collection.description ? [element("p", { textContent: collection.description })] : []),
    element("p", { textContent: text }), browse);
}

function showLike(record) {
  $("like").hidden = like === null;
  if (like === null) return;
  const name = record && layout.heading && record[layout.heading];
  const button = element("button", { type: "button", textContent: "Back to text" });
  button.addEventListener("click", () => { like = null; showLike(); submit(); $("query").focus(); });
  $("like").replaceChildren(element("span", { textContent: name ? `Like “${name}”` : `Like record ${like}` }), button);
}

// MARK: What went wrong

function fail(error, again) {
  say("");
  $("results").removeAttribute("aria-busy");
  const isOurs = error instanceof api.Failure;
  if (!isOurs) console.error(error);
  const title = !isOurs ? "The page failed" : error.status ? `${error.status}: ${error.message}` : error.message;
  const parts = [element("h2", { textContent: title })];
  if (isOurs && error.issues.length) {
    parts.push(element("ul", {}, error.issues.slice(0, 50).map((issue) => element("li", {}, [
      element("code", { textContent: place(issue.loc) }), " ", element("span", { textContent: String(issue.msg ?? "") }),
      " ", element("span", { className: "issue-type", textContent: String(issue.type ?? "") }),
    ]))));
  }
  if (isOurs && error.retryAfter) parts.push(element("p", { textContent: `Try again after ${error.retryAfter} s.` }));
  if (isOurs && error.requestID) parts.push(element("p", { className: "note", textContent: `Request ${error.requestID}` }));
  const button = element("button", { type: "button", textContent: "Try again" });
  button.addEventListener("click", again);
  parts.push(button);
  $("problem").replaceChildren(...parts);
  $("problem").hidden = false;
  $("hits").replaceChildren();
  $("empty").replaceChildren();
  $("more").hidden = true;
  if (isOurs && (error.status === 401 || error.status === 403)) showAccess(true);
}

/** `["body", "filter", "salary_min", "gte"]` as `filter.salary_min.gte`. */
function place(loc) { return Array.isArray(loc) ? loc.slice(loc.length > 1 ? 1 : 0).join(".") : ""; }

// MARK: Access

function showAccess(visible) {
  $("access").hidden = !visible;
  $("access-toggle").setAttribute("aria-expanded", String(visible));
  $("access-kind").value = api.access.kind;
  $("access-secret").value = api.access.secret;
  $("access-note").textContent = "Kept in this tab until it is closed.";
  if (visible) $("access-secret").focus();
}

function markAccess() { $("access-toggle").classList.toggle("is-set", api.access.secret !== ""); }

function useAccess(event) {
  event.preventDefault();
  const secret = $("access-secret").value.trim();
  if (secret) api.access.set($("access-kind").value, secret);
  else api.access.forget();
  afterAccess();
}

function afterAccess() {
  markAccess();
  showAccess(false);
  $("access-toggle").focus();
  if (!collection) load();
  else if (shown || !$("problem").hidden) run();
}

// MARK: Wiring

function wire() {
  $("search").addEventListener("submit", (event) => { event.preventDefault(); like = null; showLike(); submit(); });
  $("collection").addEventListener("change", () => {
    like = null;
    showLike();
    choose($("collection").value);
    countFilters();
    showFilters(false);
    if (shown) submit();
    else welcome();
  });
  for (const id of ["mode", "limit"]) $(id).addEventListener("change", () => { if (shown) submit(); });
  $("filters-toggle").addEventListener("click", () => showFilters($("filters").hidden));
  $("filters-clear").addEventListener("click", clearFilters);
  $("more").addEventListener("click", () => run({ more: true }));
  $("access-toggle").addEventListener("click", () => showAccess($("access").hidden));
  $("access").addEventListener("submit", useAccess);
  $("access-forget").addEventListener("click", () => { api.access.forget(); $("access-secret").value = ""; afterAccess(); });
  window.addEventListener("popstate", readAddress);
  document.addEventListener("keydown", onKey);
  markAccess();
}

function clearFilters() {
  filters.clear();
  countFilters();
  if (shown) submit();
}

/** `/` goes to the search field, the arrows and j and k from hit to hit, Escape out of a field. */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const isTyping = event.target.matches("input, select, textarea");
  if (event.key === "Escape" && event.target === $("query") && $("query").value === "") return $("query").blur();
  if (event.key === "ArrowDown" && event.target === $("query") && shown?.count) return step(event, 1);
  if (isTyping) return;
  if (event.key === "/") {
    event.preventDefault();
    $("query").focus();
    $("query").select();
  } else if (event.key === "j" || event.key === "ArrowDown" && isHit(event.target)) step(event, 1);
  else if (event.key === "k" || event.key === "ArrowUp" && isHit(event.target)) step(event, -1);
}

function isHit(target) { return target.classList.contains("hit-toggle"); }

function step(event, direction) {
  const hits = [...document.querySelectorAll(".hit-toggle")];
  const next = hits.indexOf(document.activeElement) + direction;
  event.preventDefault();
  if (next < 0) $("query").focus();
  else hits[next]?.focus();
}

function say(text) { $("status").textContent = text; }

function plural(count, noun) { return `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`; }

function milliseconds(time) { return `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`; }

start();
