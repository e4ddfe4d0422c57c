// Looks at the page as people do, and prints what it saw as JSON: look.mjs GATEWAY CHROMIUM FOLDER CODES [slow]
// The page is read through a proxy of this script, which counts requests and bytes and ends before the page is opened without a server.

import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [gateway, executablePath, folder, codes, pace] = process.argv.slice(2);
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");
const SLOW = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };
const counted = { requests: [], bytes: 0, byAddress: {} };

function pass(request, response) {
  const target = new URL(request.url, gateway);
  const onward = http.request(target, { method: request.method, headers: { ...request.headers, host: target.host } }, (answer) => {
    const head = Object.entries(answer.headers).reduce((sum, [name, value]) => sum + name.length + String(value).length + 4, 0);
    counted.requests.push(`${request.method} ${request.url} ${answer.statusCode}`);
    const count = (size) => {
      counted.bytes += size;
      counted.byAddress[request.url] = (counted.byAddress[request.url] ?? 0) + size;
    };
    count(head);
    response.writeHead(answer.statusCode, answer.headers);
    answer.on("data", (chunk) => { count(chunk.length); });
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
}

const proxy = http.createServer(pass);
await new Promise((done) => proxy.listen(0, "127.0.0.1", done));
const address = `http://127.0.0.1:${proxy.address().port}`;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "vi-VN" });
context.setDefaultTimeout(120_000);
const page = await context.newPage();
const faults = [];
page.on("pageerror", (error) => faults.push(error.message));
page.on("console", (message) => { if (message.text().includes("Content Security Policy")) faults.push(message.text()); });
const seen = { faults };

async function settle() {
  await page.waitForFunction(() => document.querySelector("#main .card") && !document.getElementById("main").hasAttribute("aria-busy"));
  await page.waitForLoadState("networkidle");
}

async function findViolations(width) {
  await page.setViewportSize({ width, height: 900 });
  await page.evaluate(AXE);
  const result = await page.evaluate(() => window.axe.run());
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return { overflow, passes: result.passes.length,
    violations: result.violations.map((found) => `${found.id}: ${found.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`) };
}

if (pace === "slow") {
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", SLOW);
  await page.goto(address, { waitUntil: "commit" });
  await page.waitForSelector("#main .card");
  seen.figures_ms = await page.evaluate(() => performance.getEntriesByName("figures")[0].startTime);
  await settle();
  seen.all_ms = await page.evaluate(() => performance.now());
} else {
  await page.goto(address, { waitUntil: "commit" });
  await page.waitForSelector("#main .card");
  await settle();
  const first = await page.evaluate(() => {
    const figures = performance.getEntriesByName("figures")[0].startTime;
    return performance.getEntriesByType("resource").filter((entry) => entry.responseEnd <= figures).map((entry) => entry.name);
  });
  seen.first_bytes = ["/", ...first.map((name) => name.slice(address.length))].reduce((sum, name) => sum + counted.byAddress[name], 0);
  seen.all_bytes = counted.bytes;
  seen.requests = [...counted.requests];
  seen.title = await page.title();
  await page.screenshot({ path: `${folder}/desk.png`, fullPage: true });
  seen.desk = await findViolations(1280);
  await page.click("#main .headline .value");
  await page.waitForSelector("#drawer[open] table, #drawer[open] .facts");
  seen.drawer = await findViolations(1280);
  await page.keyboard.press("Escape");
  seen.phone = await findViolations(360);
  await page.screenshot({ path: `${folder}/phone.png`, fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });

  await page.evaluate(() => document.activeElement.blur());
  let stops = 0;
  seen.unseen_stops = [];
  while (stops < 60 && !(await page.evaluate(() => document.activeElement?.getAttribute("role") === "listbox"))) {
    await page.keyboard.press("Tab");
    stops += 1;
    const unseen = await page.evaluate(() => (getComputedStyle(document.activeElement).outlineStyle === "none" ? document.activeElement.outerHTML.slice(0, 80) : null));
    if (unseen) seen.unseen_stops.push(unseen);
  }
  seen.stops_to_list = stops;
  for (const key of ["Home", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
  seen.chosen = await page.evaluate(() => document.querySelector('#map [aria-selected="true"] .unit-name').textContent);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#drawer[open] h3");
  seen.sheet = await page.textContent("#drawer-title");
  await page.keyboard.press("Escape");
  seen.focus_after_sheet = await page.evaluate(() => document.activeElement?.getAttribute("role"));

  const pdf = await page.pdf({ path: `${folder}/page.pdf`, preferCSSPageSize: true });
  seen.pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;

  await page.emulateMedia({ forcedColors: "active" });
  await page.screenshot({ path: `${folder}/forced.png`, fullPage: true });
  await page.emulateMedia({ forcedColors: "none" });

  await page.goto(`${address}/?map=2025-07-01&lang=en`, { waitUntil: "commit" });
  await settle();
  seen.language = await page.evaluate(() => document.documentElement.lang);
  seen.tiles = await page.evaluate((wanted) => Object.fromEntries(wanted.split(",").map((code) => {
    const tile = document.querySelector(`.tile[data-unit="${code}"]`);
    return [code, tile && { since: tile.dataset.since, kind: tile.getAttribute("class"), title: tile.querySelector("title").textContent }];
  })), codes);
  await page.screenshot({ path: `${folder}/after.png`, fullPage: true });

  await page.goto(address, { waitUntil: "commit" });
  await settle();
  await page.waitForFunction(async () => {
    const files = performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname).filter((path) => path.startsWith("/page/"));
    const kept = await Promise.all(files.map((path) => caches.match(path)));
    return kept.every(Boolean) && Boolean(navigator.serviceWorker.controller);
  });
  const online = await page.textContent("#main .card .headline");
  proxy.closeAllConnections();
  await new Promise((done) => proxy.close(done));
  await page.goto(address, { waitUntil: "commit" });
  await page.waitForSelector("#main .card");
  await page.waitForFunction(() => document.getElementById("notice").textContent !== "");
  await page.waitForFunction(() => document.querySelector("#map svg.map"));
  seen.offline = { same: (await page.textContent("#main .card .headline")) === online, notice: await page.textContent("#notice") };
  await page.screenshot({ path: `${folder}/offline.png`, fullPage: true });
}
await browser.close();
proxy.close();
writeFileSync(`${folder}/seen.json`, JSON.stringify(seen, null, 1));
console.log(JSON.stringify(seen));
process.exit(0);
