// Works at the page as people do who sign in, and shows it answers that are hostile: work.mjs GATEWAY CHROMIUM FOLDER CLIENTS
// CLIENTS is a JSON file with client_id and client_secret of each client. What it saw is written to worked.json.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [gateway, executablePath, folder, clientsPath] = process.argv.slice(2);
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");
const MARKUP = `<img src="/none" onerror="window.injected=1"><script>window.injected=1</script><b id="injected">`;
const REASON = `Thiếu chữ ký ${MARKUP}`;
const TEXTS = new Set(["unit_name", "full_name", "name", "parent_name", "label", "label_en", "form_label", "form_label_en", "title",
  "text", "definition", "legal_basis", "note", "reason", "formula", "detail", "number", "reviewed_by", "region"]);
const secrets = Object.fromEntries(JSON.parse(readFileSync(clientsPath, "utf-8")).map((client) => [client.client_id, client.client_secret]));
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "vi-VN", serviceWorkers: "block" });
context.setDefaultTimeout(120_000);
const page = await context.newPage();
const faults = [];
page.on("pageerror", (error) => faults.push(error.message));
page.on("console", (message) => { if (message.text().includes("Content Security Policy")) faults.push(message.text()); });
const seen = { faults };

const settle = () => page.waitForFunction(() => document.querySelector("#main .card") && !document.getElementById("main").hasAttribute("aria-busy"));
const rest = () => page.waitForLoadState("networkidle");

async function open(query = "") {
  await page.goto(`${gateway}/${query}`, { waitUntil: "commit" });
  await settle();
}

async function closeDrawer() {
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.getElementById("drawer").open);
}

async function findViolations() {
  await page.evaluate(AXE);
  const result = await page.evaluate(() => window.axe.run());
  return result.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`);
}

// The whole way by the keyboard: Enter on the button, the two fields, Enter.
async function signIn(client, secret) {
  await page.locator("#top .controls button").last().focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#client-id:focus");
  await page.keyboard.type(client);
  await page.keyboard.press("Tab");
  await page.keyboard.type(secret);
  await page.keyboard.press("Enter");
}

function makeHostile(value, key) {
  if (Array.isArray(value)) return value.map((entry) => makeHostile(entry, key));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, makeHostile(entry, name)]));
  return typeof value === "string" && TEXTS.has(key) ? `${value}${MARKUP}` : value;
}

async function lookForMarkup(name) {
  await rest();
  const found = await page.evaluate(() => ({
    elements: document.querySelectorAll("img, #injected, #main script, #drawer script").length, ran: Boolean(window.injected),
    shown: (document.querySelector("#drawer[open]") ?? document.body).textContent.includes("<img src="),
  }));
  seen.hostile[name] = found;
}

// The parts of a status that are old, or that did not answer.
await page.route("**/v1/status*", async (route) => {
  const answer = await route.fetch();
  const status = await answer.json();
  Object.assign(status.programs[0], { state: "stale", age_seconds: 7200 });
  Object.assign(status.programs[1], { state: "unavailable", age_seconds: null, figures: [] });
  await route.fulfill({ response: answer, json: { ...status, complete: false } });
});
await open();
seen.stale = await page.textContent("#main .card.stale");
seen.unavailable = await page.textContent("#main .card.unavailable");
seen.incomplete = await page.textContent("#as-of");
seen.violations = { stale: await findViolations() };
await page.unrouteAll({ behavior: "wait" });

// The address holds what was chosen, also for the way back.
await open("?period=2023&level=district&lang=en&zarsrc=30");
seen.title = await page.textContent("#map h2");
await page.selectOption("#map select >> nth=1", "commune");
await settle();
seen.address = await page.evaluate(() => location.search);
await page.goBack();
await settle();
seen.back = await page.inputValue("#map select >> nth=1");
await page.evaluate(() => localStorage.clear());

// A reviewer accepts one report, and returns another with a reason.
await open();
await signIn("reviewer-poverty", "wrong");
await page.waitForSelector("#drawer [role=alert]:not(:empty)");
seen.refused = await page.textContent("#drawer [role=alert]");
await closeDrawer();
await signIn("reviewer-poverty", secrets["reviewer-poverty"]);
await page.waitForSelector("#mine tbody tr");
await settle();
seen.violations.queue = await findViolations();
seen.queue = await page.locator("#mine tbody tr").allTextContents();
await page.screenshot({ path: `${folder}/queue.png` });
const openReport = async (name) => {
  await page.locator("#mine tbody tr", { hasText: name }).locator("button").click();
  await page.waitForSelector("#drawer[open] #return");
};
await openReport("Ngọc Hồi");
await page.click("#return");
seen.without_reason = await page.textContent("#drawer [role=alert]");
await page.fill("#reason", REASON);
seen.violations.verdict = await findViolations();
await page.screenshot({ path: `${folder}/verdict.png` });
await page.click("#return");
await page.waitForFunction(() => document.querySelector("#mine [role=status]")?.textContent);
seen.returned = await page.textContent("#mine [role=status]");
await openReport("Đăk Glei");
await page.click("#accept");
await page.waitForFunction((before) => document.querySelector("#mine [role=status]")?.textContent !== before, seen.returned);
seen.accepted = await page.textContent("#mine [role=status]");
seen.left_in_queue = await page.locator("#mine tbody tr").count();

// Nothing of the account is kept by the browser; loading the page anew forgets it.
seen.kept = await page.evaluate(async () => {
  const caches_ = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)));
  return { local: Object.keys(localStorage), session: Object.keys(sessionStorage), reports: caches_.flat().filter((path) => path.includes("/reports")), cookies: document.cookie };
});
await open();
seen.signed_in_after_reload = await page.locator("#mine").count();

// A district sees what was returned and why: as text, whatever the reason holds.
seen.hostile = {};
await signIn("district-611", secrets["district-611"]);
await page.waitForSelector("#mine .returned li");
seen.own = await page.textContent("#mine .returned li");
await lookForMarkup("reason");
await page.screenshot({ path: `${folder}/returned.png` });

// Names, labels and texts with markup in them, everywhere.
await page.route("**/v1/**", async (route) => {
  const answer = await route.fetch();
  const body = await answer.json().catch(() => null);
  await route.fulfill(body === null ? { response: answer } : { response: answer, json: makeHostile(body, "") });
});
await open("?period=2023&level=commune");
for (const [name, selector] of [["rural", ".card.rural .value >> nth=1"], ["poverty", ".card.poverty .headline .value"], ["funding", ".card.funding .value >> nth=1"],
  ["oversight", ".card.oversight .headline .value"], ["sheet", ".units [role=option]"]]) {
  await page.locator(selector).first().click();
  await page.waitForSelector("#drawer[open] dl, #drawer[open] .facts");
  await lookForMarkup(name);
  await closeDrawer();
}
await page.locator("#series .details").scrollIntoViewIfNeeded();
await page.waitForSelector("#series .multiples");
for (const summary of await page.locator("#late summary").all()) await summary.click();
await lookForMarkup("page");
await page.unrouteAll({ behavior: "wait" });
await page.route("**/v1/tiles*", (route) => route.fulfill({ status: 404, contentType: "application/problem+json", json: { status: 404, code: "unit_unknown", detail: MARKUP } }));
await open("?period=2023");
await lookForMarkup("problem");
await page.unrouteAll({ behavior: "wait" });

// From a figure to the reports that it was made from, and to the receipt of one of them.
await open("?period=2023");
await page.click(".card.poverty .headline .value");
await page.waitForSelector("#drawer[open] table");
seen.lineage = await page.textContent("#drawer .facts");
const [receipt] = await Promise.all([context.waitForEvent("page"), page.locator("#drawer tbody a").first().click()]);
seen.receipt = (await receipt.waitForEvent("load").then(() => receipt.textContent("body"))).slice(0, 400);

await browser.close();
writeFileSync(`${folder}/worked.json`, JSON.stringify(seen, null, 1));
process.exit(0);
