// The map: an equal hexagon for each commune, coloured by a figure in five classes, with a list beside it for the keyboard.

import { describeTile, findBreaks, findColour, findMiddles, listValues, matchRows, mustReassess } from "./classes.js";
import { element, makeButton, makeListBox, makeSection, makeSelect, replace, svg } from "./draw.js";
import { makePath, read } from "./read.js";
import {
  cutKindOfUnit, explainProblem, formatDay, formatNumber, formatShortest, getFundingFigures, pickLabel, translate, translateUnitOfMeasure,
} from "./words.js";

const SQRT_3 = Math.sqrt(3);
const NEIGHBOURS = [[1, 0], [0, 1], [-1, 1], [-1, 0], [0, -1], [1, -1]];
const CORNERS = NEIGHBOURS.map((_, corner) => {
  const angle = ((60 * corner - 30) * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
});
const LONGEST_LINE = 8;
const LEAST_TILES_WIDE = 9;
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
  const stated = context.status.programs.flatMap((part) => part.figures.filter((figure) => figure.value !== null).map((figure) => `${part.program}.${figure.indicator}`));
  return rates[0] ?? stated[0] ?? all[0] ?? "";
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
  return context.change({ figure: findFigure(context) });
}

function splitName(tile) {
  const words = cutKindOfUnit(tile.unit_name).split(" ");
  const lines = [""];
  for (const word of words) {
    if (lines.at(-1) && `${lines.at(-1)} ${word}`.length > LONGEST_LINE && lines.length < 2) lines.push(word);
    else lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trim();
  }
  return lines;
}

function formatShort(indicator, item) {
  if (item?.value === null || item?.value === undefined || mustReassess(item)) return "–";
  return formatNumber(item.value, Math.min(item.value >= 10 ? 1 : 2, indicator.decimals));
}

function formatItem(indicator, item) {
  if (mustReassess(item)) return translate("must_reassess");
  if (item?.withheld) return translate("withheld");
  if (item?.value === null || item?.value === undefined) return translate("no_value");
  const unit = translateUnitOfMeasure(indicator.unit_of_measure);
  return `${formatNumber(item.value, indicator.decimals)} ${unit}`;
}

function drawHexagon(tile, item, drawing) {
  const { breaks, indicator, level } = drawing;
  const kind = describeTile(item, breaks);
  const points = CORNERS.map(([x, y]) => `${(tile.x + x * 0.97).toFixed(3)},${(tile.y + y * 0.97).toFixed(3)}`).join(" ");
  const name = level === "district" ? tile.parent_name : tile.unit_name;
  return svg("g", { class: `tile ${kind}`, "data-unit": tile.unit, "data-since": tile.unit_since, onclick: () => drawing.open(tile, item) },
    svg("title", {}, `${name}: ${formatItem(indicator, item)}`),
    svg("polygon", { points }), level === "district" ? null : writeUnit(tile, formatShort(indicator, item)));
}

function writeUnit(tile, number) {
  const lines = splitName(tile);
  return [
    ...lines.map((line, place) => svg("text",
      { x: tile.x, y: tile.y - 0.34 + place * 0.34 - (lines.length - 1) * 0.12, class: "name" }, line)),
    svg("text", { x: tile.x, y: tile.y + 0.52, class: "number" }, number),
  ];
}

// A district has its name and its number once, in its middle, since each of its hexagons has the same value.
function writeDistricts(tiles, matched, drawing) {
  if (drawing.level !== "district") return null;
  return findMiddles(tiles).map((tile) => svg("g", { class: "district-label" },
    svg("text", { x: tile.x, y: tile.y - 0.05, class: "name" }, cutKindOfUnit(tile.parent_name)),
    svg("text", { x: tile.x, y: tile.y + 0.62, class: "number" }, formatShort(drawing.indicator, matched.get(tile)))));
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

// Hexagons of communes whose place is not known stand in a row of their own, which says so.
function writePlaceUnknown(tiles) {
  const row = tiles.filter((tile) => !tile.has_place);
  if (!row.length) return null;
  const [left, top] = [Math.min(...row.map((tile) => tile.x)), Math.min(...row.map((tile) => tile.y))];
  return svg("text", { x: left - SQRT_3 / 2, y: top - 1.2, class: "place-note" }, translate("place_unknown"));
}

function drawTiles(tiles, matched, drawing, label) {
  const xs = tiles.map((tile) => tile.x);
  const ys = tiles.map((tile) => tile.y);
  const [left, top] = [Math.min(...xs) - SQRT_3 / 2 - 0.1, Math.min(...ys) - 1.1];
  const [width, height] = [Math.max(...xs) - left + SQRT_3 / 2 + 0.1, Math.max(...ys) - top + 1.1];
  const margin = Math.max(0, (LEAST_TILES_WIDE * SQRT_3 - width) / 2);
  return svg("svg", { class: "map", viewBox: `${left - margin} ${top} ${width + 2 * margin} ${height}`, role: "img", "aria-label": label },
    makePatterns(), tiles.map((tile) => drawHexagon(tile, matched.get(tile), drawing)), drawBorders(tiles),
    writeDistricts(tiles, matched, drawing), writePlaceUnknown(tiles));
}

function makeLegend(indicator, breaks, kinds, hasValues) {
  const unit = translateUnitOfMeasure(indicator.unit_of_measure);
  const write = (value) => `${formatShortest(value, indicator.decimals)} ${unit}`;
  const classes = !hasValues ? null : [...breaks, null].map((_, rank) => element("li", {},
    element("span", { class: `swatch class-${findColour(breaks, rank)}` }),
    rank === 0 ? (breaks.length ? translate("below", { high: write(breaks[0]) }) : unit) : translate("and_more", { low: write(breaks[rank - 1]) })));
  const hatched = [["none", "no_value"], ["reassess", "must_reassess"]].filter(([kind]) => kinds.has(kind))
    .map(([kind, word]) => element("li", {}, element("span", { class: `swatch ${kind}` }), translate(word)));
  return element("ul", { class: "legend" }, classes, hatched);
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

function showsOutlines(context) {
  return context.state.view === "outlines";
}

// The page names the first days of the outlines that the installation brings; those of the same map serve each later day.
function hasOutlines(context) {
  const days = document.querySelector("meta[name=outlines]").content.split(",").filter(Boolean);
  return days.some((day) => day <= context.mapDay);
}

// Draws outlines where they are wanted and there are any, else hexagons; returns the drawing and what is said below it.
async function drawView(context, tiles, matched, drawing, label) {
  const day = formatDay(context.mapDay);
  const hexagons = () => drawTiles(tiles, matched, drawing, label);
  const note = translate(drawing.level === "district" ? "map_note_district" : "map_note", { day });
  if (!showsOutlines(context)) return { picture: hexagons(), note };
  const [{ drawOutlines }, answer] = await Promise.all([import("./outlines.js"), read(makePath("/v1/boundaries", { on: context.mapDay }))]);
  const drawn = answer.document && drawOutlines(answer.document, tiles, matched, { ...drawing, formatItem, makePatterns }, label);
  if (!drawn?.picture) return { picture: [element("p", { class: "problem" }, translate("no_outlines", { day })), hexagons()], note };
  const { picture, missing } = drawn;
  return { picture, note: [translate("outlines_note", { day }), missing ? translate("outlines_missing", { count: formatNumber(missing) }) : ""].join(" ") };
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
      (chosen) => context.change({ level: chosen }), { id: "level" }) : null,
    hasOutlines(context) || showsOutlines(context) ? makeButton(translate(showsOutlines(context) ? "hexagons" : "outlines"),
      () => context.change({ view: showsOutlines(context) ? "" : "outlines" }), { id: "view" }) : null);
  const problem = tilesAnswer.problem ?? answer.problem;
  if (problem) {
    replace(place, makeSection("map", translate("map"), controls,
      element("p", { class: "problem" }, translate("not_shown", { reason: explainProblem(problem) }))));
    return;
  }
  const indicator = describeIndicator(answer, service, code);
  const matched = matchRows(tiles, answer.document.items, level);
  const values = listValues([...matched.values()]);
  const drawing = { breaks: findBreaks(values, indicator.decimals), indicator, level, open: (tile) => openTile(context, tile, level) };
  const rows = listRows(tiles, matched, drawing, level);
  const kinds = new Set(rows.map((row) => row.kind));
  const label = pickLabel(indicator);
  const { picture, note } = await drawView(context, tiles, matched, drawing, translate("map_label", { label, period: context.period }));
  if (!context.isCurrent()) return;
  replace(place, makeSection("map", `${translate("map")}: ${label}`, controls,
    values.length ? null : element("p", { class: "problem" }, translate("no_map", { level: translate(level) })),
    element("div", { class: "map-and-list" },
      element("figure", {}, picture, element("figcaption", {}, makeLegend(indicator, drawing.breaks, kinds, values.length > 0),
        element("p", {}, translate(indicator.better === "lower" ? "map_worse" : "map_better"), ". ",
          note))),
      makeListBox(rows, translate("map_list", { label }), (row) => openTile(context, row.tile, level)))));
}

async function openTile(context, tile, level) {
  if (level === "district") return context.change({ unit: tile.parent, level: "" });
  const { openSheet } = await import("./drawer.js");
  return openSheet(tile.unit, { ...context, sheetDay: context.mapDay });
}
