// Opens the page without a server, from what was last seen. The page itself puts files and answers into the caches.

const CACHE = "ntp-page-" + "VERSION";
// The page itself, so that it always refers to the files of this version, and the policy under which it was sent.
const PAGE = "PAGE";
const POLICY = "POLICY";

self.addEventListener("install", () => self.skipWaiting());

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith("ntp-page-") && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

self.addEventListener("activate", (event) => event.waitUntil(activate()));

// The page lists the files of its first visit, which no worker served; they come from the browser's own cache.
async function keep(addresses) {
  const cache = await caches.open(CACHE);
  for (const address of addresses) {
    if (await cache.match(address)) continue;
    const response = await fetch(address, { cache: "force-cache" }).catch(() => null);
    if (response?.ok) await cache.put(address, response);
  }
}

self.addEventListener("message", (event) => event.waitUntil(keep(event.data)));

async function answerPage(request) {
  try {
    return await fetch(request);
  } catch {
    return new Response(PAGE, { headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY } });
  }
}

async function answerFile(request) {
  const seen = await caches.match(request);
  if (seen) return seen;
  const response = await fetch(request);
  if (response.ok) {
    const cache = await caches.open(CACHE);
    await cache.put(request, response.clone());
  }
  return response;
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === "/") event.respondWith(answerPage(event.request));
  else if (url.pathname.startsWith("/page/")) event.respondWith(answerFile(event.request));
});
