// A figure over the years, with breaks of its definition and targets as points, and small ones of the units below.

import { element, makeSection, replace, svg, whenSeen } from "./draw.js";
import { findFigure } from "./map.js";
import { makePath, read } from "./read.js";
import {
  explainProblem, formatDay, formatNumber, formatShortest, getFundingFigures, pickLabel, pickText, translate, translateUnitOfMeasure,
} from "./words.js";

const FIRST_YEAR = 2016;
const LAST_YEAR_AT_LEAST = 2025;
const WIDE = { width: 900, height: 260, left: 60, right: 24, top: 26, bottom: 30 };
const PHONE = { width: 400, height: 260, left: 52, right: 18, top: 26, bottom: 30 };
const ROUND_STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
const SMALL = { width: 200, height: 110, left: 14, right: 14, top: 22, bottom: 18 };
const NARROW = "(max-width: 40rem)";

export function findLimits(points) {
  const values = points.flatMap((point) => [point.value, point.target]).filter((value) => value !== null && value !== undefined);
  const most = Math.max(...values, 0);
  const least = Math.min(...values, 0);
  return [roundUp(least), most === least ? least + 1 : roundUp(most)];
}

// The next of 1, 2, 2.5 and 5 times a power of ten, away from zero, so that the marks of the axis are round.
function roundUp(value) {
  if (!value) return 0;
  const power = 10 ** Math.floor(Math.log10(Math.abs(value)));
  const step = ROUND_STEPS.find((candidate) => Math.abs(value) <= candidate * power);
  return Math.sign(value) * step * power;
}

// Lines join only periods that follow each other and mean the same: a break in the definition ends a line.
export function splitLines(points) {
  const lines = [];
  let previous = null;
  points.forEach((point, place) => {
    if (point.value === null || point.value === undefined) previous = null;
    else {
      if (previous === null || point.break_before) lines.push([]);
      lines.at(-1).push([place, point.value]);
      previous = place;
    }
  });
  return lines;
}

function drawChart(points, limits, box, decimals, label) {
  const [least, most] = limits;
  const x = (place) => box.left + (place * (box.width - box.left - box.right)) / Math.max(1, points.length - 1);
  const y = (value) => box.height - box.bottom - ((value - least) * (box.height - box.top - box.bottom)) / (most - least);
  const isWide = box !== SMALL;
  const at = ([place, value]) => `${x(place).toFixed(1)},${y(value).toFixed(1)}`;
  const stated = points.map((point, place) => [place, point.value]).filter(([, value]) => value !== null && value !== undefined);
  const labelled = isWide ? stated : stated.slice(-1);
  const years = box === WIDE ? points.map((_, place) => place) : box === PHONE ? points.map((_, place) => place).filter((place) => place % 3 === 0) : [0, points.length - 1];
  return svg("svg", { class: "chart", viewBox: `0 0 ${box.width} ${box.height}`, role: "img", "aria-label": label },
    isWide ? [least, (least + most) / 2, most].map((value) => [
      svg("path", { class: "axis", d: `M${box.left},${y(value)}H${box.width - box.right}` }),
      svg("text", { x: box.left - 8, y: y(value) + 4, "text-anchor": "end" }, formatShortest(value, decimals))]) : svg("path", { class: "axis", d: `M${box.left},${y(least)}H${box.width - box.right}` }),
    points.map((point, place) => (point.break_before && place ? [
      svg("path", { class: "break", d: `M${(x(place) + x(place - 1)) / 2},${box.top}V${box.height - box.bottom}` })] : null)),
    splitLines(points).map((line) => svg("path", { class: "line", d: `M${line.map(at).join("L")}` })),
    points.map((point, place) => (point.target === null || point.target === undefined ? null
      : svg("path", { class: "goal", d: `M${x(place)},${y(point.target) - 6}l6,6l-6,6l-6,-6z` }, svg("title", {}, `${point.period}: ${translate("target")} ${formatNumber(point.target, decimals)}`)))),
    stated.map(([place, value]) => svg("circle", { class: "point", cx: x(place), cy: y(value), r: isWide ? 4 : 2.5 },
      svg("title", {}, `${points[place].period}: ${formatNumber(value, decimals)}`))),
    labelled.map(([place, value]) => svg("text", { x: x(place), y: y(value) - 9, "text-anchor": place === points.length - 1 ? "end" : "middle", class: "strong" }, formatNumber(value, decimals))),
    years.map((place) => svg("text", { x: x(place), y: box.height - 8, "text-anchor": place === 0 ? "start" : place === points.length - 1 ? "end" : "middle" }, points[place]?.period ?? "")));
}

function describePoints(label, points, decimals) {
  const stated = points.filter((point) => point.value !== null && point.value !== undefined);
  return `${label}: ${stated.map((point) => `${point.period} ${formatNumber(point.value, decimals)}`).join("; ") || translate("no_series")}`;
}

// Says what the points and the dashed lines are, and whose figures follow where the unit itself has ended.
function makeKey(points) {
  const hasTargets = points.some((point) => point.target !== null && point.target !== undefined);
  const hasBreaks = points.some((point, place) => place && point.break_before);
  const other = points.find((point) => point.unit && point.unit !== points[0].unit);
  const parts = [hasTargets ? `◇ ${translate("target")}` : "", hasBreaks ? `┆ ${translate("break_line")}` : "",
    other ? translate("other_unit", { period: other.period, unit: other.unit_name }) : ""];
  return element("p", {}, parts.filter(Boolean).join(" · "));
}

// The catalogue says since when a figure means what it does.
function listBreaks(indicator) {
  return element("ul", { class: "breaks" }, (indicator.breaks ?? []).map((row) => element("li", {}, `┆ ${formatDay(row.on)}: ${pickText(row, "note")}`)));
}

async function readSeries(context, service, code, level) {
  const to = Math.max(context.year, LAST_YEAR_AT_LEAST);
  const query = { indicator: code, from: FIRST_YEAR, to, unit: context.unit, level };
  if (service === "funding") return read(makePath("/v1/funding/series", query));
  return read(makePath(`/v1/${service}/series`, { ...query, basis: context.basis }));
}

function drawUnit(points, periods, limits, series) {
  const byPeriod = new Map(points.map((point) => [point.period, point]));
  const line = periods.map((period) => byPeriod.get(period) ?? { period, value: null });
  return element("figure", {}, element("figcaption", {}, points[0].unit_name),
    drawChart(line, limits, SMALL, series.decimals, describePoints(points[0].unit_name, line, series.decimals)));
}

// The notes of the breaks, and a small chart of each unit below, all on one scale.
async function drawDetails(context, place, service, code, series) {
  const [catalogue, answer] = await Promise.all([
    service === "funding" ? null : read(`/v1/${service}/indicators/${code}`), readSeries(context, service, code, "district")]);
  if (!context.isCurrent()) return;
  const breaks = catalogue?.document ? listBreaks(catalogue.document) : null;
  if (answer.problem) {
    replace(place, breaks, element("p", { class: "problem" }, explainProblem(answer.problem)));
    return;
  }
  const byUnit = Map.groupBy(answer.document.items.filter((point) => point.unit), (point) => `${point.unit}@${point.unit_since}`);
  const rows = [...byUnit.values()].filter((points) => points.some((point) => point.value !== null));
  const periods = series.items.map((point) => point.period);
  const limits = findLimits(rows.flat());
  replace(place, breaks, element("h3", {}, translate("each_unit")),
    rows.length ? element("div", { class: "multiples" }, rows.map((points) => drawUnit(points, periods, limits, series)))
      : element("p", {}, translate("each_unit_none")));
}

export async function drawSeries(context, place) {
  const figure = findFigure(context);
  const [service, code] = [figure.slice(0, figure.indexOf(".")), figure.slice(figure.indexOf(".") + 1)];
  const answer = await readSeries(context, service, code, null);
  if (!context.isCurrent()) return;
  if (answer.problem) {
    replace(place, makeSection("series", translate("series"), element("p", { class: "problem" }, translate("not_read", { reason: explainProblem(answer.problem) }))));
    return;
  }
  const own = getFundingFigures().find((row) => row.code === code);
  const series = { label: own?.label, label_en: own?.label, decimals: 2, unit_of_measure: "percent", ...answer.document };
  const label = pickLabel(series);
  const points = series.items;
  const stated = points.filter((point) => point.value !== null && point.value !== undefined);
  const details = element("div", { class: "details" });
  const box = matchMedia(NARROW).matches ? PHONE : WIDE;
  replace(place, makeSection("series", `${translate("series")}: ${label} (${translateUnitOfMeasure(series.unit_of_measure)})`,
    stated.length ? drawChart(points, findLimits(points), box, series.decimals, describePoints(label, points, series.decimals))
      : element("p", {}, translate("no_series")),
    stated.length === 1 ? element("p", {}, translate("one_year")) : null, makeKey(points), details));
  whenSeen(details, () => drawDetails(context, details, service, code, series));
}
