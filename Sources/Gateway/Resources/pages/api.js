// The HTTP API, as this page uses it: requests with the caller's key or token, answers with what their headers tell, and
// errors in the words that the API found for them.

const root = new URL("./", document.baseURI);

/** Access to the API, kept for this tab alone and until it is closed. */
export const access = {
  get kind() { return sessionStorage.getItem("kazi.access.kind") === "token" ? "token" : "key"; },
  get secret() { return sessionStorage.getItem("kazi.access.secret") ?? ""; },
  set(kind, secret) {
    sessionStorage.setItem("kazi.access.kind", kind);
    sessionStorage.setItem("kazi.access.secret", secret);
  },
  forget() {
    sessionStorage.removeItem("kazi.access.kind");
    sessionStorage.removeItem("kazi.access.secret");
  },
  get headers() {
    if (!this.secret) return {};
    return this.kind === "token" ? { Authorization: `Bearer ${this.secret}` } : { "X-API-Key": this.secret };
  },
};

/** An answer that is no success, or none at all (status 0). */
export class Failure extends Error {
  /** @param issues Of a 422: objects with `loc`, `msg`, `type`. */
  constructor(status, message, { issues = [], requestID = null, retryAfter = null } = {}) {
    super(message);
    Object.assign(this, { status, issues, requestID, retryAfter });
  }
}

/** Sends one request. `path` is relative to the gateway's root. Throws `Failure`, or the abort's own error. */
async function request(path, { parameters, body, signal } = {}) {
  const url = new URL(path, root);
  for (const [name, value] of parameters ?? []) url.searchParams.append(name, value);
  const headers = { Accept: "application/json", ...access.headers };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, {
      method: body === undefined ? "GET" : "POST", headers, signal, credentials: "omit",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    // A header that the browser refuses to send (a line break in a pasted key) fails here too.
    throw new Failure(0, error instanceof TypeError && access.secret && !isHeaderValue(access.secret)
      ? "The key or token holds characters that no header can carry." : "The gateway did not answer. Is it running?");
  }
  const answer = { headers: response.headers, requestID: response.headers.get("X-Request-ID") };
  try {
    answer.body = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (response.ok) throw new Failure(response.status, "The answer ended early or is no JSON.", answer);
  }
  if (!response.ok) throw failure(response, answer);
  return answer;
}

function isHeaderValue(text) { return /^[\x20-\x7e]*$/.test(text); }

function failure(response, { body, requestID }) {
  const detail = body?.detail ?? body?.message;
  const retryAfter = response.headers.get("Retry-After");
  if (Array.isArray(detail)) {
    return new Failure(response.status, "The request is not valid.", { issues: detail, requestID, retryAfter });
  }
  const message = typeof detail === "string" ? detail : response.statusText || "The request failed.";
  return new Failure(response.status, message, { requestID, retryAfter });
}

/** Which collections there are, how each can be searched and filtered. */
export async function collections() { return (await request("api/v1/collections")).body; }

/** Whether the gateway serves its documentation. */
export async function hasDocs() {
  try {
    return (await fetch(new URL("docs", root), { method: "HEAD", credentials: "omit" })).ok;
  } catch {
    return false;
  }
}

/** The hits of a search, and how they came about: `timings` by name in milliseconds, `coverage` such as "3/4". */
export async function search(collection, body, signal) {
  const answer = await request(`api/v1/${encodeURIComponent(collection)}/search`, { body, signal });
  return {
    records: answer.body, timings: timings(answer.headers.get("Server-Timing")),
    coverage: answer.headers.get("X-Kazi-Coverage"), requestID: answer.requestID,
  };
}

/** Records without a search, newest first. `total` counts all that pass the filter. */
export async function list(collection, parameters, signal) {
  const answer = await request(`api/v1/${encodeURIComponent(collection)}`, { parameters, signal });
  return {
    records: answer.body, total: Number(answer.headers.get("X-Total-Count")), timings: [], coverage: null,
    requestID: answer.requestID,
  };
}

/** `embed;dur=4.2, search;dur=0.3` as pairs; without `dur` a part is left out. */
function timings(header) {
  return (header ?? "").split(",").flatMap((part) => {
    const [name, ...members] = part.split(";").map((member) => member.trim());
    const duration = members.find((member) => member.startsWith("dur="));
    return name && duration ? [{ name, milliseconds: Number(duration.slice(4)) }] : [];
  });
}

/** The address of a record's JSON. */
export function recordAddress(collection, id) {
  return new URL(`api/v1/${encodeURIComponent(collection)}/${id}`, root).href;
}
