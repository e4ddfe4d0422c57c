// The cards of the programs, of the money and of oversight: headline, figures with target, coverage and freshness.

import { element, makeButton, makeSection } from "./draw.js";
import {
  formatAge, formatFigure, formatInstant, formatMoney, formatNumber, formatShortest, hasWord, pickLabel,
  translate, translateUnitOfMeasure,
} from "./words.js";

const ROWS_SHOWN = 9;

function makeValue(text, label, open, attributes = {}) {
  return makeButton(text, open, { class: "value", "aria-label": translate("where_from", { label, value: text }), ...attributes });
}

function makeChip(text, kind = "") {
  return element("span", { class: `chip ${kind}` }, text);
}

function isShort(coverage) {
  return coverage && coverage.expected > 0 && coverage.reported < coverage.expected;
}

function listChips(figure) {
  const chips = [];
  if (figure.status === "estimate" || figure.status === "preliminary") chips.push(makeChip(translate(figure.status)));
  else if (figure.stage === "preliminary" || figure.stage === "mixed") chips.push(makeChip(translate(figure.stage)));
  if (isShort(figure.coverage)) chips.push(makeChip(translate("covered", figure.coverage), "warning"));
  return chips;
}

function describeTarget(figure) {
  if (figure.target === null || figure.target === undefined || figure.achieved_percent === null) return null;
  const facts = { target: formatNumber(figure.target, figure.decimals), percent: formatShortest(figure.achieved_percent, 1) };
  return element("span", { class: "target" }, translate("of_target", facts));
}

function makeRow(figure, open) {
  const label = pickLabel(figure);
  const missing = figure.value === null || figure.value === undefined;
  return element("div", { class: "row" },
    element("dt", {}, label, " ", listChips(figure)),
    element("dd", {}, makeValue(formatFigure(figure), label, () => open(figure), { class: missing ? "value missing" : "value" }),
      " ", describeTarget(figure)));
}

function makeHeadline(figure, open) {
  const unit = figure.unit_of_measure === "percent" ? "" : translateUnitOfMeasure(figure.unit_of_measure);
  const label = pickLabel(figure);
  return element("p", { class: "headline" },
    makeValue(formatFigure(figure), label, () => open(figure)),
    element("span", { class: "unit" }, unit ? `${unit} ` : "", describeTarget(figure)),
    element("span", { class: "label" }, label, " ", listChips(figure)));
}

function describeFreshness(part) {
  if (part.state === "fresh") return null;
  if (part.state === "stale") return makeChip(translate("stale", { age: formatAge(part.age_seconds) }), "warning");
  return makeChip(translate("unavailable"), "warning");
}

function describeCoverage(figures) {
  const covered = figures.map((figure) => figure.coverage).filter((coverage) => coverage?.expected);
  if (!covered.length) return null;
  const widest = covered.reduce((most, coverage) => (coverage.expected > most.expected ? coverage : most));
  return makeChip(translate("covered_reported", widest), isShort(widest) ? "warning" : "");
}

function describeNewest(figures) {
  const newest = figures.map((figure) => figure.newest_at).filter(Boolean).sort().at(-1);
  return newest ? makeChip(translate("reports_until", { day: formatInstant(newest) })) : null;
}

function makeCard(name, part, ...content) {
  return element("article", { class: `card ${name} ${part.state}`, "aria-labelledby": `card-${name}` },
    element("h3", { id: `card-${name}` }, translate(name)),
    part.state === "unavailable" ? element("p", { class: "problem" }, translate("no_answer")) : null,
    content);
}

function makeRows(rows) {
  const rest = rows.slice(ROWS_SHOWN);
  return [
    element("dl", {}, rows.slice(0, ROWS_SHOWN)),
    rest.length ? element("details", {}, element("summary", {}, translate("more", { count: rest.length })), element("dl", {}, rest)) : null,
  ];
}

function makeFiguresCard(name, part, open) {
  const openFigure = (figure) => open(name, figure);
  const headline = part.figures.find((figure) => figure.value !== null) ?? part.figures[0];
  const rest = part.figures.filter((figure) => figure !== headline);
  return makeCard(name, part,
    element("p", { class: "chips" }, describeFreshness(part), describeCoverage(part.figures), describeNewest(part.figures)),
    headline ? makeHeadline(headline, openFigure) : null,
    makeRows(rest.map((figure) => makeRow(figure, openFigure))));
}

function makeMoneyRow(label, amount, open, exact) {
  const text = formatMoney(amount, exact);
  return element("div", { class: "row" }, element("dt", {}, label), element("dd", {}, makeValue(text, label, open)));
}

export function makeMoneyCard(part, open, exact) {
  const total = part.total;
  if (!total) return makeCard("funding", part, element("p", { class: "chips" }, describeFreshness(part)));
  const openTotal = () => open("funding", { ...total, label: translate("total") });
  const rate = total.disbursement_rate;
  const rows = ["allocated", "carried_over", "available", "committed", "disbursed", "left"].map((measure) =>
    makeMoneyRow(translate(measure), total[`${measure}_vnd`], openTotal, exact));
  const capitals = part.rows.map((row) => element("div", { class: "row" },
    element("dt", {}, `${translate("rate")}, ${translate(row.capital)}`),
    element("dd", {}, makeValue(row.disbursement_rate === null ? translate("no_value") : `${formatNumber(row.disbursement_rate, 2)} %`,
      translate(row.capital), () => open("funding", row)))));
  const others = part.sources.map((source) => makeMoneyRow(
    hasWord(source.source) ? translate(source.source) : translate("other_source"), source.allocated_vnd, () => open("funding", source), exact));
  return makeCard("funding", part,
    element("p", { class: "chips" }, describeFreshness(part), makeChip(translate(exact ? "dong" : "billion"))),
    element("p", { class: "headline" },
      makeValue(rate === null ? translate("no_value") : `${formatNumber(rate, 2)} %`, translate("rate"), openTotal),
      element("span", { class: "label" }, translate("rate"))),
    element("dl", {}, capitals, rows, others));
}

// Returns the section of the cards; `open` is called with the part's name and the figure whose origin is wanted.
export function makeStatus(status, open, exact) {
  const cards = status.programs.map((part) => makeFiguresCard(part.program, part, open));
  if (status.funding) cards.push(makeMoneyCard(status.funding, open, exact));
  if (status.oversight) cards.push(makeFiguresCard("oversight", status.oversight, open));
  const section = makeSection("status", translate("programs"), element("div", { class: "cards" }, cards));
  section.querySelector("h2").classList.add("hidden");
  return section;
}

export function describeStatus(status) {
  return [
    translate("as_of", { instant: formatInstant(status.as_of) }),
    translate(status.complete ? "complete" : "incomplete"),
    translate(status.basis === "accepted" ? "basis_accepted" : "basis_provisional"),
  ].join(" · ");
}
