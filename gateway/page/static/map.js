// The map: an equal hexagon for each commune, coloured by a figure in five classes, with a list beside it for the keyboard.

import { element, makeButton, makeSection, makeSelect, replace, svg } from "./draw.js";
import { makePath, read } from "./read.js";
import {
  explainProblem, formatDay, formatNumber, getFundingFigures, pickLabel, translate, translateUnitOfMeasure,
} from "./words.js";

const CLASSES = 5;
const SQRT_3 = Math.sqrt(3);
const NEIGHBOURS = [[1, 0], [0, 1], [-1, 1], [-1, 0], [0, -1], [1, -1]];
const CORNERS = NEIGHBOURS.map((_, corner) => {
  const angle = ((60 * corner - 30) * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
});
const LONGEST_LINE = 8;
const catalogues = {};

// Returns the figures that can be chosen: those of the cards, and where it was read the whole catalogue of a program.
function listFigures(status) {
  const groups = status.programs.map((part) => ({
    service: part.program,
    figures: (catalogues[part.program] ?? part.figures).map((row) => ({ code: row.code ?? row.indicator, label: pickLabel(row) })),
  }));
  if (status.funding) groups.push({ service: "funding", figures: getFundingFigures() });
  return groups.filter((group) => group.figures.length);
}

export function findFigure(context) {
  if (context.state.figure.includes(".")) return context.state.figure;
  const rates = context.status.programs.flatMap((part) => part.figures
    .filter((figure) => figure.unit_of_measure === "percent" && figure.value !== null && figure.better === "lower")
    .map((figure) => `${part.program}.${figure.indicator}`));
  const all = listFigures(context.status).flatMap((group) => group.figures.map((figure) => `${group.service}.${figure.code}`));
  return rates[0] ?? all[0] ?? "";
}

function makeFigureField(context, chosen) {
  const groups = listFigures(context.status);
  const listed = groups.some((group) => group.figures.some((figure) => `${group.service}.${figure.code}` === chosen));
  const select = element("select", { id: "figure", onchange: (event) => chooseFigure(context, event.target.value) },
    listed ? null : element("option", { value: chosen, selected: true }, chosen.split(".")[1]),
    groups.map((group) => element("optgroup", { label: translate(group.service) }, group.figures.map((figure) =>
      element("option", { value: `${group.service}.${figure.code}`, selected: `${group.service}.${figure.code}` === chosen }, figure.label)))),
    Object.keys(catalogues).length ? null : element("option", { value: "all" }, translate("all_figures")));
  return element("label", { class: "field wide" }, element("span", {}, translate("figure")), select);
}

async function chooseFigure(context, figure) {
  if (figure !== "all") return context.change({ figure, level: "" });
  const programs = context.status.programs.map((part) => part.program);
  const answers = await Promise.all(programs.map((program) =>
    read(makePath(`/v1/${program}/indicators`, { fields: "code,label,label_en,kind" }))));
  answers.forEach((answer, place) => { if (answer.document) catalogues[programs[place]] = answer.document.items; });
  return context.change({});
}

function findBreaks(values) {
  const sorted = [...values].sort((left, right) => left - right);
  const breaks = [];
  for (let step = 1; step < CLASSES; step += 1) {
    const value = sorted[Math.floor((step * sorted.length) / CLASSES)];
    if (value > sorted[0] && value !== breaks.at(-1)) breaks.push(value);
  }
  return breaks;
}

function findClass(breaks, value) {
  return breaks.filter((low) => value >= low).length;
}

// Spreads the classes that there are over the five colours, so that the highest is always the darkest.
function findColour(breaks, rank) {
  return breaks.length ? Math.round((rank * (CLASSES - 1)) / breaks.length) : CLASSES - 1;
}

function describeTile(item, breaks) {
  if (!item) return "none";
  if (item.reassessment_required || item.caveat?.code === "reassessment_required") return "reassess";
  if (item.value === null || item.value === undefined) return "none";
  return `class-${findColour(breaks, findClass(breaks, item.value))}`;
}

// A value belongs to a tile by code and first day: a code that names another unit today is another unit.
function matchItems(tiles, items, level) {
  const byUnit = new Map(items.map((item) => [`${item.unit}@${item.unit_since}`, item]));
  const byCode = new Map(items.map((item) => [item.unit, item]));
  return new Map(tiles.map((tile) => [tile,
    level === "district" ? byCode.get(tile.parent) : byUnit.get(`${tile.unit}@${tile.unit_since}`)]));
}

function splitName(tile) {
  const words = tile.unit_name.split(" ").slice(tile.unit_kind === "thi_tran" ? 2 : 1);
  const lines = [""];
  for (const word of words) {
    if (lines.at(-1) && `${lines.at(-1)} ${word}`.length > LONGEST_LINE && lines.length < 2) lines.push(word);
    else lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trim();
  }
  return lines;
}

function formatShort(indicator, item) {
  if (item?.value === null || item?.value === undefined || item.reassessment_required) return "–";
  if (indicator.unit_of_measure === "percent") return formatNumber(item.value, item.value >= 10 ? 1 : Math.min(2, indicator.decimals));
  return formatNumber(item.value, indicator.decimals);
}

function formatItem(indicator, item) {
  if (item?.reassessment_required) return translate("must_reassess");
  if (item?.withheld) return translate("withheld");
  if (item?.value === null || item?.value === undefined) return translate("no_value");
  const unit = translateUnitOfMeasure(indicator.unit_of_measure);
  return `${formatNumber(item.value, indicator.decimals)} ${unit}`;
}

function drawHexagon(tile, item, drawing) {
  const { breaks, indicator } = drawing;
  const kind = describeTile(item, breaks);
  const points = CORNERS.map(([x, y]) => `${(tile.x + x * 0.97).toFixed(3)},${(tile.y + y * 0.97).toFixed(3)}`).join(" ");
  const lines = splitName(tile);
  const texts = lines.map((line, place) => svg("text",
    { x: tile.x, y: tile.y - 0.34 + place * 0.34 - (lines.length - 1) * 0.12, class: "name" }, line));
  return svg("g", { class: `tile ${kind}`, "data-unit": tile.unit, "data-since": tile.unit_since, onclick: () => drawing.open(tile, item) },
    svg("title", {}, `${tile.unit_name}: ${formatItem(indicator, item)}`),
    svg("polygon", { points }), texts,
    svg("text", { x: tile.x, y: tile.y + 0.52, class: "number" }, formatShort(indicator, item)));
}

function drawBorders(tiles) {
  const byCell = new Map(tiles.map((tile) => [`${tile.q},${tile.r}`, tile]));
  const edges = tiles.flatMap((tile) => NEIGHBOURS.map(([q, r], side) => {
    const neighbour = byCell.get(`${tile.q + q},${tile.r + r}`);
    if (neighbour && neighbour.parent === tile.parent) return "";
    const [from, to] = [CORNERS[side], CORNERS[(side + 1) % CORNERS.length]];
    return `M${(tile.x + from[0]).toFixed(3)},${(tile.y + from[1]).toFixed(3)}L${(tile.x + to[0]).toFixed(3)},${(tile.y + to[1]).toFixed(3)}`;
  }));
  return svg("path", { class: "border", d: edges.join("") });
}

function makePatterns() {
  const hatch = (id, ...lines) => svg("pattern", { id, width: 0.3, height: 0.3, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { width: 0.3, height: 0.3, class: "hatch-ground" }), lines);
  return svg("defs", {},
    hatch("hatch-none", svg("line", { x1: 0, y1: 0, x2: 0, y2: 0.3, class: "hatch-line" })),
    hatch("hatch-reassess", svg("line", { x1: 0, y1: 0, x2: 0, y2: 0.3, class: "hatch-strong" }),
      svg("line", { x1: 0, y1: 0, x2: 0.3, y2: 0, class: "hatch-strong" })));
}

function drawTiles(tiles, matched, drawing, label) {
  const xs = tiles.map((tile) => tile.x);
  const ys = tiles.map((tile) => tile.y);
  const [left, top] = [Math.min(...xs) - SQRT_3 / 2 - 0.1, Math.min(...ys) - 1.1];
  const [width, height] = [Math.max(...xs) - left + SQRT_3 / 2 + 0.1, Math.max(...ys) - top + 1.1];
  return svg("svg", { class: "map", viewBox: `${left} ${top} ${width} ${height}`, role: "img", "aria-label": label },
    makePatterns(), tiles.map((tile) => drawHexagon(tile, matched.get(tile), drawing)), drawBorders(tiles));
}

export function makeLegend(indicator, breaks, kinds) {
  const unit = translateUnitOfMeasure(indicator.unit_of_measure);
  const write = (value) => `${formatNumber(value, indicator.decimals)} ${unit}`;
  const classes = [...breaks, null].map((_, rank) => element("li", {},
    element("span", { class: `swatch class-${findColour(breaks, rank)}` }),
    rank === 0 ? (breaks.length ? translate("below", { high: write(breaks[0]) }) : unit) : translate("and_more", { low: write(breaks[rank - 1]) })));
  const hatched = [["none", "no_value"], ["reassess", "must_reassess"]].filter(([kind]) => kinds.has(kind))
    .map(([kind, word]) => element("li", {}, element("span", { class: `swatch ${kind}` }), translate(word)));
  return element("ul", { class: "legend" }, classes, hatched);
}

// A list box has one place in the tab order, whatever the number of units.
export function makeList(rows, label, open) {
  const options = rows.map((row, place) => element("div",
    { id: `unit-${place}`, role: "option", "aria-selected": "false", onclick: () => { select(place); open(row); } },
    element("span", { class: `swatch ${row.kind}` }), element("span", { class: "unit-name" }, row.name), element("span", { class: "unit-value" }, row.text)));
  let selected = 0;
  const list = element("div", { class: "units", role: "listbox", tabindex: 0, "aria-label": label }, options);
  function select(place) {
    options[selected]?.setAttribute("aria-selected", "false");
    selected = Math.max(0, Math.min(options.length - 1, place));
    options[selected]?.setAttribute("aria-selected", "true");
    list.setAttribute("aria-activedescendant", `unit-${selected}`);
    options[selected]?.scrollIntoView({ block: "nearest" });
  }
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -rows.length, End: rows.length };
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") open(rows[selected]);
    else if (event.key in steps) select(selected + steps[event.key]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("focus", () => { if (options.length) select(selected); });
  return list;
}

function listRows(tiles, matched, drawing, level) {
  const rows = new Map();
  for (const tile of tiles) {
    const item = matched.get(tile);
    const [code, name] = level === "district" ? [tile.parent, tile.parent_name] : [`${tile.unit}@${tile.unit_since}`, tile.unit_name];
    rows.set(code, { tile, item, name, kind: describeTile(item, drawing.breaks), text: formatItem(drawing.indicator, item), level });
  }
  const weight = (row) => (row.item?.value ?? -Infinity);
  return [...rows.values()].sort((left, right) => weight(right) - weight(left));
}

async function readValues(context, service, code, level) {
  const query = { indicator: code, period: context.period, level, unit: context.unit, map: context.state.map };
  if (service === "funding") return read(makePath("/v1/funding/map", query));
  return read(makePath(`/v1/${service}/map`, { ...query, basis: context.basis }));
}

function hasValues(answer) {
  return Boolean(answer.document?.items.some((item) => item.value !== null || item.reassessment_required));
}

async function readBestLevel(context, service, code, levels) {
  const chosen = levels.includes(context.state.level) ? context.state.level : null;
  const level = chosen ?? (service === "funding" && levels.includes("district") ? "district" : "commune");
  const answer = await readValues(context, service, code, level);
  if (chosen || hasValues(answer) || levels.length < 2 || level !== "commune") return { level, answer };
  return { level: "district", answer: await readValues(context, service, code, "district") };
}

function describeIndicator(answer, service, code) {
  const indicator = answer.document.indicators?.[0];
  if (indicator) return indicator;
  const own = getFundingFigures().find((figure) => figure.code === code);
  return { indicator: code, label: own?.label ?? code, unit_of_measure: "percent", decimals: 2, better: "higher" };
}

async function drawView(context, tiles, matched, drawing, label) {
  if (context.state.view !== "outlines") return drawTiles(tiles, matched, drawing, label);
  const { drawOutlines } = await import("./outlines.js");
  const answer = await read(makePath("/v1/boundaries", { on: context.mapDay }));
  if (answer.problem) return [element("p", { class: "problem" }, explainProblem(answer.problem)), drawTiles(tiles, matched, drawing, label)];
  return drawOutlines(answer.document, tiles, matched, { ...drawing, describeTile, formatItem, makePatterns }, label);
}

export async function drawMap(context, place) {
  const figure = findFigure(context);
  const [service, code] = [figure.slice(0, figure.indexOf(".")), figure.slice(figure.indexOf(".") + 1)];
  const tilesAnswer = await read(makePath("/v1/tiles", { on: context.mapDay, unit: context.unit }));
  if (!context.isCurrent()) return;
  const tiles = tilesAnswer.document?.items ?? [];
  for (const tile of tiles) {
    context.unitNames.set(tile.parent, tile.parent_name);
    context.unitNames.set(tile.unit, tile.unit_name);
  }
  const hasDistricts = !context.unit && new Set(tiles.map((tile) => tile.parent)).size > 1;
  const levels = hasDistricts ? ["district", "commune"] : ["commune"];
  const { level, answer } = await readBestLevel(context, service, code, levels);
  if (!context.isCurrent()) return;
  const controls = element("div", { class: "controls" },
    makeFigureField(context, figure),
    hasDistricts ? makeSelect(translate("level"), levels.map((name) => ({ value: name, label: translate(name) })), level,
      (chosen) => context.change({ level: chosen })) : null,
    makeButton(translate(context.state.view === "outlines" ? "hexagons" : "outlines"),
      () => context.change({ view: context.state.view === "outlines" ? "" : "outlines" })));
  const problem = tilesAnswer.problem ?? answer.problem;
  if (problem) {
    replace(place, makeSection("map", translate("map"), controls,
      element("p", { class: "problem" }, translate("not_shown", { reason: explainProblem(problem) }))));
    return;
  }
  const indicator = describeIndicator(answer, service, code);
  const matched = matchItems(tiles, answer.document.items, level);
  const values = [...new Map([...matched.values()].filter((item) => item?.value !== null && item?.value !== undefined && !item.reassessment_required)
    .map((item) => [`${item.unit}@${item.unit_since}`, item.value])).values()];
  const drawing = { breaks: findBreaks(values), indicator, open: (tile) => openTile(context, tile, level) };
  const rows = listRows(tiles, matched, drawing, level);
  const kinds = new Set(rows.map((row) => row.kind));
  const label = pickLabel(indicator);
  const picture = await drawView(context, tiles, matched, drawing, translate("map_label", { label, period: context.period }));
  if (!context.isCurrent()) return;
  replace(place, makeSection("map", `${translate("map")}: ${label}`, controls,
    values.length ? null : element("p", { class: "problem" }, translate("no_map", { level: translate(level) })),
    element("div", { class: "map-and-list" },
      element("figure", {}, picture, element("figcaption", {}, makeLegend(indicator, drawing.breaks, kinds),
        element("p", {}, translate(indicator.better === "lower" ? "map_worse" : "map_better"), ". ",
          translate("map_note", { day: formatDay(context.mapDay) }), " ",
          tiles.every((tile) => tile.has_place) ? "" : translate("place_unknown")))),
      makeList(rows, translate("map_list", { label }), (row) => openTile(context, row.tile, level)))));
}

async function openTile(context, tile, level) {
  if (level === "district") return context.change({ unit: tile.parent, level: "" });
  const { openSheet } = await import("./drawer.js");
  return openSheet(tile.unit, { ...context, sheetDay: context.mapDay });
}
