// Reads the public API, remembers what was last seen, and says how old that is. A token is kept in memory only.

const SEEN = "ntp-seen";
const READ_AT = "X-Read-At";
const EARLY_S = 30;

const session = { client: null, secret: null, token: null, claims: null, expires: 0 };

export const offline = { since: null };

export function getClaims() {
  return session.claims;
}

async function openSeen() {
  return "caches" in window ? caches.open(SEEN) : null;
}

async function remember(path, response) {
  const cache = await openSeen();
  if (!cache) return;
  const headers = new Headers({ "Content-Type": "application/json", [READ_AT]: new Date().toISOString() });
  await cache.put(path, new Response(await response.text(), { headers }));
}

async function recall(path) {
  const cache = await openSeen();
  const response = cache && (await cache.match(path));
  if (!response) return null;
  const readAt = new Date(response.headers.get(READ_AT));
  if (!offline.since || readAt < offline.since) offline.since = readAt;
  return { document: await response.json(), readAt };
}

function makeHeaders(language) {
  const headers = { "Accept-Language": language };
  if (session.token) headers.Authorization = `Bearer ${session.token}`;
  return headers;
}

async function renewToken() {
  if (session.client && Date.now() > session.expires) await requestToken();
}

async function requestToken() {
  const bytes = new TextEncoder().encode(`${encodeURIComponent(session.client)}:${encodeURIComponent(session.secret)}`);
  const response = await fetch("/oauth/token", {
    method: "POST",
    credentials: "omit", // so that the browser does not ask for a password itself where this one is wrong
    headers: { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  if (!response.ok) return response.status;
  const answer = await response.json();
  session.token = answer.access_token;
  session.expires = Date.now() + (answer.expires_in - EARLY_S) * 1000;
  session.claims = JSON.parse(atob(answer.access_token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  return response.status;
}

export async function signIn(client, secret) {
  Object.assign(session, { client, secret });
  const status = await requestToken().catch(() => 0);
  if (status !== 200) signOut();
  return status;
}

export function signOut() {
  Object.assign(session, { client: null, secret: null, token: null, claims: null, expires: 0 });
}

// Returns {document} or {problem}; `readAt` is set where the document was seen earlier and the server does not answer now.
export async function read(path) {
  await renewToken();
  const language = document.documentElement.lang;
  try {
    const response = await fetch(path, { headers: makeHeaders(language) });
    if (response.ok) {
      if (!session.token) await remember(path, response.clone());
      return { document: await response.json() };
    }
    const problem = await response.json().catch(() => ({ status: response.status }));
    if (response.status >= 500 || response.status === 429) return (await recall(path)) ?? { problem };
    return { problem };
  } catch {
    return (await recall(path)) ?? { problem: { status: 0, code: "unreachable" } };
  }
}

export async function post(path, body) {
  await renewToken();
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const headers = { ...makeHeaders(document.documentElement.lang), "Content-Type": "application/json", "Idempotency-Key": key };
  try {
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.json().catch(() => ({ status: response.status }));
    return response.ok ? { document: answer } : { problem: answer };
  } catch {
    return { problem: { status: 0, code: "unreachable" } };
  }
}

export function makePath(path, query) {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}
