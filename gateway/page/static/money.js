// The money: its flow, by program, capital or unit, the forecast to the deadlines, and the slowest units first.

import { element, makeButton, makeScrollBox, makeSection, makeSelect, makeTable, refocus, replace, svg } from "./draw.js";
import { makePath, read } from "./read.js";
import {
  explainProblem, formatDay, formatMoney, formatNumber, translate, translateKind,
} from "./words.js";

const GROUP_TITLES = { program: "by_program", capital: "by_capital", unit: "by_units" };
const MEASURES = ["allocated", "carried_over", "available", "committed", "disbursed", "left"];
const SEEN_OF_A_PAST_YEAR = "09-30";
const BOX = { width: 520, height: 270, left: 66, right: 30, top: 26, bottom: 44 };
const LONGEST_LABEL = 9;
const choice = { group: "program", seenOn: {} };

function scale(from, to, low, high) {
  return (value) => low + ((value - from) / (to - from || 1)) * (high - low);
}

function splitLabel(label) {
  const space = label.indexOf(" ");
  return label.length > LONGEST_LABEL && space > 0 ? [label.slice(0, space), label.slice(space + 1)] : [label];
}

// Bars that continue each other: what came in, what it makes together, what went out of it, and what is left.
function drawFlow(total, exact) {
  const amounts = Object.fromEntries(MEASURES.map((measure) => [measure, total[`${measure}_vnd`]]));
  const added = amounts.available - amounts.allocated;
  const bars = [
    { key: "allocated", kind: "", from: 0, to: amounts.allocated },
    { key: "carried_over", kind: "added", from: Math.min(amounts.allocated, amounts.available), to: Math.min(amounts.allocated, amounts.available) + Math.abs(added) },
    { key: "available", kind: "sum", from: 0, to: amounts.available },
    { key: "committed", kind: "out", from: 0, to: amounts.committed },
    { key: "disbursed", kind: "out", from: 0, to: amounts.disbursed },
    { key: "left", kind: "rest", from: amounts.disbursed, to: amounts.disbursed + amounts.left },
  ];
  const most = Math.max(1, ...bars.map((bar) => bar.to));
  const y = scale(0, most, BOX.height - BOX.bottom, BOX.top);
  const step = (BOX.width - 16) / bars.length;
  const shapes = bars.flatMap((bar, place) => {
    const x = 8 + place * step;
    return [
      svg("rect", { class: `bar ${bar.kind}`, x: x + step * 0.12, width: step * 0.76, y: y(bar.to), height: Math.max(0, y(bar.from) - y(bar.to)) }),
      svg("text", { x: x + step / 2, y: y(bar.to) - 6, "text-anchor": "middle", class: "strong" }, formatMoney(amounts[bar.key])),
      splitLabel(translate(bar.key)).map((line, rank) =>
        svg("text", { x: x + step / 2, y: BOX.height - BOX.bottom + 17 + rank * 16, "text-anchor": "middle" }, line)),
    ];
  });
  const facts = Object.fromEntries(MEASURES.map((measure) => [measure, formatMoney(amounts[measure], exact)]));
  const label = `${translate("flow_text", { ...facts, carried: facts.carried_over })} (${translate(exact ? "dong" : "billion")})`;
  return svg("svg", { class: "chart", viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img", "aria-label": label }, shapes,
    svg("path", { class: "axis", d: `M8,${y(0)}H${BOX.width - 8}` }));
}

function nameGroup(context, row, group) {
  if (group !== "unit") return translateKind(row[group]);
  return nameHolder(context, row);
}

// Adds rows of program and capital to rows of one of them; amounts add up, rates are divided anew.
export function groupRows(rows, group) {
  const sums = new Map();
  for (const row of rows) {
    const sum = sums.get(row[group]) ?? { [group]: row[group], rate_numerator_vnd: 0, rate_denominator_vnd: 0, rows: [] };
    for (const measure of MEASURES) sum[`${measure}_vnd`] = (sum[`${measure}_vnd`] ?? 0) + row[`${measure}_vnd`];
    sum.rate_numerator_vnd += row.rate_numerator_vnd;
    sum.rate_denominator_vnd += row.rate_denominator_vnd;
    sum.rows.push(row);
    sums.set(row[group], sum);
  }
  return [...sums.values()].map((sum) => ({
    ...sum, disbursement_rate: sum.rate_denominator_vnd ? (100 * sum.rate_numerator_vnd) / sum.rate_denominator_vnd : null,
    lineage: sum.rows.length === 1 ? sum.rows[0].lineage : null,
  }));
}

function formatRate(rate) {
  return rate === null || rate === undefined ? "–" : formatNumber(rate, 2);
}

function makeMoneyTable(context, rows, total, group) {
  const exact = context.state.exact;
  const all = [...rows.map((row) => ({ ...row, label: nameGroup(context, row, group) })), { ...total, label: translate("total"), isTotal: true }];
  const columns = [
    { label: translate(group), content: (row) => row.label },
    ...MEASURES.map((measure) => ({ label: translate(measure), number: true, content: (row) => formatMoney(row[`${measure}_vnd`], exact) })),
    { label: translate("rate_short"), number: true, content: (row) => makeButton(formatRate(row.disbursement_rate), () => context.openFigure("funding", row),
      { class: "value", "aria-label": translate("where_from", { label: row.label, value: `${formatRate(row.disbursement_rate)} %` }) }) },
  ];
  const table = makeTable(`${translate(GROUP_TITLES[group])} (${translate(exact ? "dong" : "billion")})`, columns, all);
  table.querySelector("tbody tr:last-child").classList.add("total");
  return makeScrollBox(translate("money"), table);
}

async function readGroup(context, group) {
  return read(makePath("/v1/funding/progress", { year: context.year, group_by: group === "unit" ? "unit" : "program,capital", unit: context.unit }));
}

function nameMonth(month) {
  return `${Number(month.slice(5))}/${month.slice(2, 4)}`;
}

function drawFan(curve) {
  const months = curve.months;
  const x = scale(0, Math.max(1, months.length - 1), BOX.left, BOX.width - BOX.right);
  const y = scale(0, 100, BOX.height - BOX.bottom, BOX.top);
  const known = months.map((month, place) => [place, month.expected_rate ? null : month.disbursement_rate]).filter(([, rate]) => rate !== null);
  const start = known.at(-1);
  const foreseen = months.map((month, place) => [place, month.expected_rate]).filter(([, rate]) => rate);
  const at = ([place, rate]) => `${x(place).toFixed(1)},${y(Math.min(rate, 100)).toFixed(1)}`;
  const trace = (points) => (points.length ? `M${points.map(at).join("L")}` : "");
  const from = start ? [start] : [];
  const high = [...from, ...foreseen.map(([place, rate]) => [place, rate.high])];
  const low = [...from, ...foreseen.map(([place, rate]) => [place, rate.low])];
  const likely = [...from, ...foreseen.map(([place, rate]) => [place, rate.likely])];
  const last = likely.at(-1) ?? start;
  return svg("svg", { class: "chart", viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img", "aria-label": describeCurve(curve).join(". ") },
    [0, 25, 50, 75, 100].map((rate) => [
      svg("path", { class: "axis", d: `M${BOX.left},${y(rate)}H${BOX.width - BOX.right}` }),
      svg("text", { x: BOX.left - 8, y: y(rate) + 5, "text-anchor": "end" }, `${rate} %`)]),
    foreseen.length ? svg("path", { class: "fan", d: `${trace(high)}L${low.reverse().map(at).join("L")}Z` }) : null,
    svg("path", { class: "fan-line", d: trace(known) }), foreseen.length ? svg("path", { class: "fan-likely", d: trace(likely) }) : null,
    months.map((month, place) => (place % 3 === 0 ? svg("text", { x: x(place), y: BOX.height - 18, "text-anchor": "middle" }, nameMonth(month.month)) : null)),
    last ? svg("text", { x: Math.min(x(last[0]), BOX.width - 40), y: y(Math.min(last[1], 100)) - 10, "text-anchor": "middle", class: "strong" }, `${formatNumber(last[1], 1)} %`) : null);
}

function describeCurve(curve) {
  return curve.at.map((deadline) => {
    const rate = deadline.disbursement_rate;
    const day = formatDay(deadline.on);
    if (deadline.passed || !rate || rate.low === rate.high) return translate("foresight_past", { day, rate: formatRate(rate?.likely ?? curve.disbursement_rate) });
    return translate("foresight_at", { day, likely: formatNumber(rate.likely, 1), low: formatNumber(rate.low, 1), high: formatNumber(rate.high, 1) });
  });
}

function describeRisk(amounts, exact) {
  const unit = translate(exact ? "dong" : "billion");
  const [low, likely, high] = ["low", "likely", "high"].map((name) => formatMoney(amounts[name], exact));
  return `${translate("at_risk_of", { likely, low, high })} ${unit}`;
}

function makeRiskTable(context, rows) {
  const exact = context.state.exact;
  const rate = (value) => (value === null || value === undefined ? "–" : formatNumber(value, 1));
  const columns = [
    { label: translate("units"), content: (row) => nameHolder(context, row) },
    { label: translate("available"), number: true, content: (row) => formatMoney(row.available_vnd, exact) },
    { label: translate("disbursed"), number: true, content: (row) => formatMoney(row.disbursed_vnd, exact) },
    { label: translate("rate_short"), number: true, content: (row) => rate(row.disbursement_rate) },
    { label: translate("expected"), number: true, content: (row) => rate(row.expected_rate?.likely) },
    { label: translate("at_risk"), number: true, content: (row) => formatMoney(row.at_risk_vnd?.likely ?? 0, exact) },
  ];
  const slowest = [...rows].sort((left, right) => (left.disbursement_rate ?? 101) - (right.disbursement_rate ?? 101));
  return makeScrollBox(translate("slowest"), makeTable(`${translate("slowest")} (${translate(exact ? "dong" : "billion")})`, columns, slowest));
}

// Money that a unit holds itself is not that of the units below it.
function nameHolder(context, row) {
  const name = row.unit_name ?? context.unitNames.get(row.unit) ?? row.unit;
  return row.unit === (context.unit ?? context.status.unit.code) ? translate("held_here", { unit: name }) : name;
}

async function drawForesight(context, place) {
  const isPast = context.year < Number(context.today.slice(0, 4));
  const seenOn = choice.seenOn[context.year] ?? (isPast ? `${context.year}-${SEEN_OF_A_PAST_YEAR}` : context.today);
  const query = { year: context.year, unit: context.unit, seen_on: seenOn };
  const [foresight, risk] = await Promise.all([
    read(makePath("/v1/funding/foresight", query)), read(makePath("/v1/funding/foresight/at-risk", { ...query, group_by: "unit" }))]);
  await nameUnits(context, risk.document?.items ?? []);
  if (!context.isCurrent()) return;
  const field = element("label", { class: "field" }, element("span", {}, translate("seen_on")),
    element("input", { type: "date", value: seenOn, min: `${context.year}-01-01`, max: context.today, onchange: (event) => {
      if (!event.target.value) return;
      choice.seenOn[context.year] = event.target.value;
      drawForesight(context, place);
    } }));
  const problem = foresight.problem ?? risk.problem;
  if (problem) {
    replace(place, element("h3", {}, translate("foresight", { day: formatDay(seenOn) })), field, element("p", { class: "problem" }, explainProblem(problem)));
    return;
  }
  const { curves, covers_percent: percent } = foresight.document;
  const { total, items } = risk.document;
  replace(place,
    element("h3", {}, translate("foresight", { day: formatDay(seenOn) })), element("div", { class: "controls" }, field),
    total?.at_risk_vnd ? element("p", {}, `${translate("at_risk")}: `, element("span", { class: "risk" }, describeRisk(total.at_risk_vnd, context.state.exact))) : null,
    isPast ? element("p", {}, translate("happened", { rate: formatRate(context.status.funding?.total?.disbursement_rate) })) : null,
    element("div", { class: "triple" }, curves.filter((curve) => curve.months.length).map((curve) => element("figure", {},
      element("figcaption", {}, element("strong", {}, translateKind(curve.capital))), drawFan(curve),
      describeCurve(curve).map((line) => element("p", {}, line))))),
    element("p", {}, translate("foresight_note", { percent })),
    items.length ? makeRiskTable(context, items) : element("p", {}, translate("nothing_running")));
}

// Units of the budget year may not be on the map that is shown; their names are read where one is missing.
async function nameUnits(context, rows) {
  if (rows.every((row) => !row.unit || row.unit_name || context.unitNames.has(row.unit))) return;
  const day = `${context.year}-12-31`;
  const answer = await read(makePath("/v1/units", { on: day, within: context.unit ?? context.status.unit.code, fields: "code,full_name", limit: 500 }));
  for (const unit of answer.document?.items ?? []) context.unitNames.set(unit.code, unit.full_name);
}

export async function drawMoney(context, place) {
  const answer = await readGroup(context, choice.group);
  await nameUnits(context, answer.document?.rows ?? []);
  if (!context.isCurrent()) return;
  const exact = context.state.exact;
  const controls = element("div", { class: "controls" },
    makeSelect(translate("money_group"), ["program", "capital", "unit"].map((group) => ({ value: group, label: translate(group) })), choice.group,
      (group) => { choice.group = group; drawMoney(context, place).then(() => refocus("group")); }, { id: "group" }),
    makeButton(translate("in_dong"), () => context.change({ exact: !exact }), { id: "exact", "aria-pressed": String(exact) }));
  if (answer.problem) {
    replace(place, makeSection("money", translate("funding"), controls, element("p", { class: "problem" }, translate("not_read", { reason: explainProblem(answer.problem) }))));
    return;
  }
  const { rows, total } = answer.document;
  if (!total || MEASURES.every((measure) => !total[`${measure}_vnd`])) {
    replace(place, makeSection("money", `${translate("funding")}, ${context.year}`, element("p", {}, translate("no_money_of_year", { year: context.year }))));
    return;
  }
  const shown = choice.group === "unit" ? [...rows].sort((left, right) => (left.disbursement_rate ?? 101) - (right.disbursement_rate ?? 101)) : groupRows(rows, choice.group);
  const forecast = element("div", { id: "foresight" });
  replace(place, makeSection("money", `${translate("funding")}, ${context.year}`, controls,
    element("div", { class: exact ? "flow exact" : "flow" },
      element("figure", {}, element("figcaption", {}, element("strong", {}, translate("flow", { year: context.year })), `, ${translate("billion")}`), drawFlow(total, exact),
        total.committed_vnd || !total.disbursed_vnd ? null : element("p", {}, translate("not_committed"))),
      makeMoneyTable(context, shown, total, choice.group)), forecast));
  await drawForesight(context, forecast);
}
