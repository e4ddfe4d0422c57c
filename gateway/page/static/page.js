// The page: reads its state from the address, draws the cards first, and then everything below them.

import { element, makeButton, makeSelect, refocus, replace } from "./draw.js";
import { getClaims, makePath, offline, read, signOut } from "./read.js";
import { describeStatus, makeStatus } from "./status.js";
import {
  explainProblem, findDayInVietnam, findLastDay, formatAge, formatInstant, getOtherLanguage, setLanguage, translate,
} from "./words.js";

const MERGER = "2025-07-01";
const LAST_DAY_BEFORE = "2025-06-30";
const PARAMETERS = ["period", "unit", "map", "figure", "level", "basis", "view", "lang"];
const OF_THE_MAP = ["figure", "level", "view"];
const WORKER = "/worker.js";
const READ_AGAIN_MS = 5000;
const MOST_READINGS = 4;

const state = { exact: false };
const turns = { page: 0, map: 0 };
let shown = null;

function readState() {
  const query = new URLSearchParams(location.search);
  for (const name of PARAMETERS) state[name] = query.get(name) ?? "";
  setLanguage(state.lang || localStorage.getItem("ntp-language") || "vi");
}

function writeState() {
  const query = new URLSearchParams(PARAMETERS.filter((name) => state[name]).map((name) => [name, state[name]]));
  const text = query.toString();
  history.pushState(null, "", text ? `/?${text}` : "/");
}

// Changes the state, keeps it in the address, and draws anew what depends on it.
function change(changes) {
  Object.assign(state, changes);
  writeState();
  return shown && Object.keys(changes).every((name) => OF_THE_MAP.includes(name)) ? drawFigure() : draw();
}

// Draws the map and the years of another figure; the rest of the page stays.
async function drawFigure() {
  const focused = document.activeElement?.id;
  const turn = ++turns.map;
  const { context, places } = shown;
  const own = { ...context, isCurrent: () => context.isCurrent() && turn === turns.map };
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  const [map, series] = await Promise.all([import("./map.js"), import("./series.js")]);
  await Promise.all([
    drawPart(places.map, () => map.drawMap(own, places.map)), drawPart(places.series, () => series.drawSeries(own, places.series))]);
  if (!own.isCurrent()) return;
  main.removeAttribute("aria-busy");
  refocus(focused);
  showOffline();
}

function makeHeader(status, periods) {
  const options = [...new Set([...periods, status.period])].map((period) => ({ value: period, label: period }));
  const mapDays = [
    { value: "", label: translate("map_of_period") },
    { value: LAST_DAY_BEFORE, label: translate("map_before") },
    { value: MERGER, label: translate("map_after") },
  ];
  if (state.map && !mapDays.some((day) => day.value === state.map)) mapDays.push({ value: state.map, label: state.map });
  mapDays.push({ value: "other", label: translate("other_day") });
  return [
    element("div", { class: "title" },
      element("p", { class: "over" }, translate("programs")),
      element("h1", {}, `${status.unit.name ?? status.unit.code} · ${status.period}`),
      state.unit ? makeButton(`‹ ${translate("programs")}`, () => change({ unit: "", level: "" }), { class: "up" }) : null),
    element("div", { class: "controls" },
      makeSelect(translate("period"), options, status.period, (period) => change({ period, map: "" }), { id: "period" }),
      makeSelect(translate("map_day"), mapDays, state.map, (map) => (map === "other" ? askForDay() : change({ map })), { id: "map-day" }),
      getClaims() ? makeSelect(translate("basis"),
        ["accepted", "provisional"].map((basis) => ({ value: basis, label: translate(basis) })), state.basis || "accepted",
        (basis) => change({ basis: basis === "accepted" ? "" : basis }), { id: "basis" }) : null,
      makeButton(translate("language"), () => {
        const lang = getOtherLanguage();
        localStorage.setItem("ntp-language", lang);
        setLanguage(lang);
        change({ lang });
      }, { id: "language", lang: getOtherLanguage() }),
      makeButton(translate("print"), () => window.print()),
      getClaims() ? makeButton(translate("sign_out"), () => { signOut(); change({ basis: "" }); })
        : makeButton(translate("sign_in"), openSignIn)),
    element("p", { id: "as-of" }, describeStatus(status)),
  ];
}

async function openSignIn() {
  const { askForSignIn } = await import("./account.js");
  askForSignIn(() => draw());
}

function askForDay() {
  const field = element("input", { type: "date", min: "2004-07-08", "aria-label": translate("day"), onchange: (event) => {
    if (event.target.value) change({ map: event.target.value });
  } });
  document.getElementById("map-day").parentElement.append(field);
  field.focus();
}

function showOffline() {
  const notice = document.getElementById("notice");
  if (!offline.since) return replace(notice);
  const age = formatAge((Date.now() - offline.since) / 1000);
  return replace(notice, translate("offline", { instant: formatInstant(offline.since.toISOString()), age }));
}

async function openOrigin(service, figure, context) {
  const { openLineage } = await import("./drawer.js");
  openLineage(service, figure, context);
}

async function draw() {
  const turn = ++turns.page;
  const isCurrent = () => turn === turns.page;
  const focused = document.activeElement?.id;
  offline.since = null;
  document.getElementById("skip").textContent = translate("skip");
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  const path = makePath("/v1/status", { period: state.period, unit: state.unit, basis: state.basis });
  const answer = await read(path);
  if (!isCurrent()) return;
  if (answer.problem) {
    replace(document.getElementById("top"), element("h1", {}, translate("programs")), makeButton(translate("sign_in"), openSignIn));
    shown = null;
    replace(main, element("p", { class: "problem" }, translate("not_read", { reason: explainProblem(answer.problem) })));
    main.removeAttribute("aria-busy");
    return;
  }
  const status = answer.document;
  const context = {
    state, status, change, isCurrent,
    period: status.period, year: Number(status.period.slice(0, 4)), unit: state.unit || null, basis: state.basis,
    mapDay: state.map || findLastDay(status.period), today: findDayInVietnam(),
    formNames: new Map(), unitNames: new Map([[status.unit.code, status.unit.name]]),
    readStatusAgain: () => drawStatusAgain(context, path),
    openFigure: (service, figure) => openOrigin(service, figure, context),
  };
  document.title = `${status.unit.name ?? status.unit.code} · ${status.period}`;
  replace(document.getElementById("top"), makeHeader(status, [status.period]));
  main.style.minHeight = `${main.offsetHeight}px`; // so that the page does not jump while its parts are drawn anew
  const places = Object.fromEntries(["mine", "map", "money", "series", "late"].map((name) => [name, element("div", { id: `at-${name}` })]));
  replace(main, places.mine, makeStatus(status, context.openFigure, state.exact), Object.values(places).slice(1));
  performance.mark("figures");
  shown = { context, places };
  showOffline();
  refocus(focused);
  await drawRest(context, places);
  if (!isCurrent()) return;
  main.removeAttribute("aria-busy");
  main.style.minHeight = "";
  refocus(focused);
  showOffline();
  keepForOffline();
  if (!isFresh(status)) readAgain(context, path, MOST_READINGS);
}

function isFresh(status) {
  return [...status.programs, status.funding, status.oversight].every((part) => !part || part.state === "fresh");
}

async function drawStatusAgain(context, path) {
  const answer = await read(path);
  if (!context.isCurrent() || !answer.document) return;
  context.status = answer.document;
  document.getElementById("status").replaceWith(makeStatus(answer.document, context.openFigure, state.exact));
  document.getElementById("as-of").textContent = describeStatus(answer.document);
}

// A part that was away is read again, and the cards are drawn anew when it answers.
function readAgain(context, path, left) {
  setTimeout(async () => {
    if (!context.isCurrent() || offline.since) return;
    await drawStatusAgain(context, path);
    if (!isFresh(context.status) && left > 1) readAgain(context, path, left - 1);
  }, READ_AGAIN_MS);
}

// One part that fails says so in its place, and leaves the others as they are.
async function drawPart(place, part) {
  try {
    await part();
  } catch (error) {
    reportError(error);
    replace(place, element("section", {}, element("p", { class: "problem" }, translate("not_drawn"))));
  }
}

async function drawRest(context, places) {
  const [map, money, series, late] = await Promise.all(
    [import("./map.js"), import("./money.js"), import("./series.js"), import("./late.js")]);
  await Promise.all([
    drawPart(places.map, () => map.drawMap(context, places.map)).then(() => drawPart(places.money, () => money.drawMoney(context, places.money))),
    drawPart(places.series, () => series.drawSeries(context, places.series)),
    drawPart(places.late, () => late.drawLate(context, places.late)).then(() => drawPart(places.mine, () => drawMine(context, places.mine))),
    listPeriods(context),
  ]);
}

// The work of who signed in; the forms have the names that the list of obligations gave them.
async function drawMine(context, place) {
  if (!getClaims()) return;
  const account = await import("./account.js");
  await account.drawMine(context, place);
}

async function listPeriods(context) {
  const answer = await read("/v1/periods");
  if (answer.problem || !context.isCurrent()) return;
  const years = answer.document.items.map((row) => row.period.slice(0, 4));
  const periods = [...new Set([...years, ...answer.document.items.map((row) => row.period)])].sort().reverse();
  const focused = document.activeElement?.id;
  replace(document.getElementById("top"), makeHeader(context.status, periods));
  refocus(focused);
}

async function keepForOffline() {
  if (!("serviceWorker" in navigator)) return;
  const files = performance.getEntriesByType("resource").map((entry) => new URL(entry.name).pathname)
    .filter((path) => path.startsWith("/page/"));
  await navigator.serviceWorker.register(WORKER);
  const registration = await navigator.serviceWorker.ready;
  registration.active.postMessage(files);
}

function drawFoot() {
  replace(document.getElementById("foot"), element("p", {}, translate("footer"), " ",
    element("a", { href: "/docs" }, translate("reference"))));
}

window.addEventListener("popstate", () => { readState(); draw(); });
readState();
drawFoot();
draw();
