// The drawer: where a figure comes from, and the sheet of a unit with everything about it.

import { element, makeButton, makeScrollBox, makeTable, replace } from "./draw.js";
import { makePath, read } from "./read.js";
import {
  explainProblem, formatDay, formatFigure, formatInstant, formatMoney, formatNumber, pickFormLabel, pickLabel, pickText, translate,
  translateKind, translateUnitOfMeasure,
} from "./words.js";

const ROWS_OF_A_LIST = 100;

// Shows the drawer; what opened it gets the focus back when it is closed, as browsers do for dialogs.
export function openDrawer(title, ...content) {
  const drawer = document.getElementById("drawer");
  const body = element("div", {},
    element("div", { class: "drawer-head" }, element("h2", { id: "drawer-title" }, title),
      makeButton(translate("close"), () => drawer.close())), content);
  replace(drawer, body);
  if (!drawer.open) drawer.showModal();
  body.scrollTop = 0;
  return body;
}

function makeFacts(facts) {
  return element("dl", { class: "facts" }, facts.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

function explain(problem) {
  const isPrivate = problem.status === 401 || problem.status === 403;
  return element("p", { class: "problem" }, isPrivate ? translate("not_for_public") : explainProblem(problem));
}

function makeReportsTable(reports, formNames) {
  const columns = [
    { label: translate("units"), content: (row) => row.unit_name ?? row.unit },
    { label: translate("form"), content: (row) => formNames.get(row.form) ?? row.form },
    { label: translate("values_count"), number: true, content: (row) => formatNumber(row.values_count) },
    { label: translate("received_at"), content: (row) => formatInstant(row.received_at) },
    { label: translate("accepted_at"), content: (row) => formatInstant(row.reviewed_at) },
    { label: translate("accepted_by"), content: (row) => row.reviewed_by ?? "–" },
    { label: translate("receipt"), content: (row) => (row.receipt_code
      ? element("a", { href: `/v1/receipts/${row.receipt_code}`, class: "code", target: "_blank", rel: "noopener" }, row.receipt_code) : "–") },
  ];
  return makeScrollBox(translate("reports"), makeTable(`${translate("reports")} (${reports.length})`, columns, reports));
}

// Counted rows of any register: each row has a unit or a name, and mostly a decision with its day.
async function makeRegisterTable(path) {
  const answer = await read(`${path}&limit=${ROWS_OF_A_LIST}`);
  if (answer.problem) return explain(answer.problem);
  const rows = answer.document.items;
  const columns = [
    { label: translate("name"), content: (row) => row.name ?? row.title ?? row.unit_name ?? row.unit ?? row.code },
    { label: translate("kind"), content: (row) => [row.level, row.kind, row.stars && `${row.stars}★`].filter(Boolean).map(translateKind).join(" ") || "–" },
    { label: translate("decision"), content: (row) => row.decision?.number ?? row.number ?? "–" },
    { label: translate("decided_on"), content: (row) => formatDay(row.decision?.date ?? row.effective_on ?? row.issued_on ?? row.signed_on ?? row.held_on) },
  ];
  return [
    makeScrollBox(translate("register_rows"), makeTable(`${translate("register_rows")} (${rows.length}${answer.document.next ? "+" : ""})`, columns, rows)),
    answer.document.next ? element("p", {}, translate("more_rows", { path }), " ", element("a", { href: path }, path)) : null,
  ];
}

async function readFigureLineage(service, figure, context) {
  const query = { period: context.period, unit: context.unit, basis: context.basis, by: "report", map: context.state.map, dimension: figure.dimension ? Object.values(figure.dimension)[0] : null };
  const code = figure.indicator;
  return read(makePath(`/v1/${service}/lineage/${code}`, query));
}

// What the catalogue says of a figure: its definition, its legal basis, and the standard that it was measured under.
function makeCatalogueFacts(indicator, lineage) {
  const standard = indicator?.breaks?.find((row) => row.standard && row.standard === lineage.standard);
  return [
    [translate("definition"), indicator && pickText(indicator, "definition")],
    [translate("legal_basis"), indicator?.legal_basis],
    [translate("standard"), standard ? pickText(standard, "note") : lineage.standard],
  ];
}

async function openFigureLineage(service, figure, context) {
  const label = pickLabel(figure);
  const body = openDrawer(`${label}: ${formatFigure(figure)}`, element("p", {}, translate("loading")));
  const [answer, catalogue] = await Promise.all([
    readFigureLineage(service, figure, context), read(`/v1/${service}/indicators/${figure.indicator}`)]);
  body.lastElementChild.remove();
  if (answer.problem) return body.append(explain(answer.problem));
  const lineage = answer.document;
  const unit = translateUnitOfMeasure(figure.unit_of_measure);
  body.append(
    element("p", { class: "headline" }, element("strong", {}, formatFigure(figure)), " ", figure.unit_of_measure === "percent" ? "" : unit),
    makeFacts([
      [translate("units"), context.sheetUnit ?? context.status.unit.name],
      [translate("period"), context.period],
      [translate("formula"), element("span", { class: "code" }, lineage.formula)],
      [translate("numerator"), lineage.numerator === null ? null : formatNumber(lineage.numerator)],
      [translate("denominator"), lineage.denominator === null ? null : formatNumber(lineage.denominator)],
      [translate("target"), figure.target === null || figure.target === undefined ? null : formatNumber(figure.target, figure.decimals)],
      ...makeCatalogueFacts(catalogue.document, lineage),
      [translate("stage"), [figure.status, lineage.stage].filter(Boolean).filter((word, place, all) => all.indexOf(word) === place).map(translateKind).join(", ")],
      [translate("received"), figure.coverage?.expected ? translate("covered", figure.coverage) : null],
      [translate("version"), lineage.catalogue_version],
    ]),
    lineage.caveat ? element("p", { class: "problem" }, pickText(lineage.caveat, "text")) : "",
    lineage.missing?.length ? element("p", { class: "problem" }, translate("missing_inputs", { codes: lineage.missing.join(", ") })) : "");
  if (lineage.reports?.length) body.append(makeReportsTable(lineage.reports, context.formNames));
  if (lineage.register_rows) body.append(...[await makeRegisterTable(lineage.register_rows)].flat().filter(Boolean));
  return body;
}

async function openMoneyLineage(row) {
  const label = row.label ?? translateKind(row.capital ?? row.source ?? row.program);
  const body = openDrawer(`${translate("money")}: ${label}`, element("p", {}, translate("loading")));
  const measures = ["allocated", "carried_over", "available", "committed", "disbursed", "left"];
  const answer = row.lineage ? await read(`${row.lineage}&limit=${ROWS_OF_A_LIST}`) : { problem: { status: 401 } };
  body.lastElementChild.remove();
  body.append(makeFacts([
    ...measures.map((measure) => [translate(measure), `${formatMoney(row[`${measure}_vnd`], true)} ${translate("dong")}`]),
    [translate("rate"), row.disbursement_rate === null || row.disbursement_rate === undefined ? null
      : `${formatNumber(row.disbursement_rate, 2)} % = ${formatMoney(row.rate_numerator_vnd, true)} / ${formatMoney(row.rate_denominator_vnd, true)}`],
  ]));
  if (answer.problem) return body.append(element("p", {}, answer.problem.status === 401 || answer.problem.status === 403
    ? translate("entries_private") : explainProblem(answer.problem)));
  const columns = [
    { label: translate("decided_on"), content: (entry) => formatDay(entry.effective_on) },
    { label: translate("kind"), content: (entry) => translateKind(entry.kind) },
    { label: translate("units"), content: (entry) => entry.unit_name ?? entry.unit },
    { label: translate("amount"), number: true, content: (entry) => formatMoney(entry.amount_vnd, true) },
    { label: translate("decision"), content: (entry) => entry.voucher?.number ?? entry.decision?.number ?? "–" },
  ];
  const { items, next } = answer.document;
  body.append(makeScrollBox(translate("entries"), makeTable(`${translate("entries")} (${items.length}${next ? "+" : ""})`, columns, items)));
  if (next) body.append(element("p", {}, translate("more_rows", { path: row.lineage })));
  return body;
}

export function openLineage(service, figure, context) {
  return service === "funding" ? openMoneyLineage(figure) : openFigureLineage(service, figure, context);
}

function describeClassification(part) {
  const status = part.status;
  if (!status) return translate("none");
  if (status.in_area === undefined) return makeFacts(Object.entries(status).filter(([, value]) => typeof value === "number"));
  const words = [
    status.region ? translate("region", { region: status.region }) : null,
    status.in_area ? translate("in_area") : null, status.specially_difficult ? translate("specially_difficult") : null,
    status.poor_district ? translate("poor_district") : null, status.border_commune ? translate("border_commune") : null,
    status.villages_in_difficulty ? translate("villages_in_difficulty", { count: status.villages_in_difficulty }) : null,
  ].filter(Boolean);
  return element("p", {}, words.length ? words.join(", ") : translate("not_classified"));
}

function describeDecision(row) {
  return [translateKind(row.level), row.decision?.number, formatDay(row.decision?.date), row.revocation && translate("revoked")].filter(Boolean).join(" · ");
}

// A village that is recognized does not make its commune one that is: the two are named apart.
function describeRecognition(part, code) {
  const own = part.items.filter((row) => row.unit === code);
  const below = part.items.filter((row) => row.unit !== code);
  return [
    own.length ? element("ul", {}, own.map((row) => element("li", {}, describeDecision(row)))) : element("p", {}, translate("not_recognized")),
    below.length ? [element("p", {}, translate("recognized_below")), element("ul", {}, below.map((row) =>
      element("li", {}, `${row.unit_name ?? row.unit}: ${describeDecision(row)}`)))] : null,
  ];
}

function describeRecommendations(part) {
  if (part.problem) return explain(part.problem);
  if (!part.items.length) return element("p", {}, translate("none"));
  return element("ul", {}, part.items.map((row) => element("li", {}, [row.text ?? row.content ?? row.title, formatDay(row.due_on)].join(" · "))));
}

function describeObligations(summary) {
  const owed = summary.obligations.flatMap((part) => part.items.map((row) => ({ ...row, program: part.program })));
  const own = owed.filter((row) => row.unit_since === summary.unit.since);
  const other = owed.find((row) => row.unit_since !== summary.unit.since);
  const overdue = own.filter((row) => row.timeliness === "overdue");
  return [
    element("p", {}, translate("owed_now_by", { count: own.length, overdue: overdue.length })),
    other ? element("p", {}, translate("owed_by_successor", { code: other.unit, unit: other.unit_name })) : null,
    overdue.length ? element("ul", {}, overdue.map((row) => element("li", {}, [translate(row.program), pickFormLabel(row), row.period, formatDay(row.due_on)].join(" · ")))) : null,
  ];
}

function makeProgramPart(part, context) {
  const figures = part.figures.filter((figure) => figure.value !== null);
  return [
    element("h3", {}, translate(part.program)),
    part.problem ? explain(part.problem) : null,
    figures.length ? element("dl", {}, figures.map((figure) => element("div", { class: "row" },
      element("dt", {}, pickLabel(figure)),
      element("dd", {}, makeButton(formatFigure(figure), () => openFigureLineage(part.program, figure, context),
        { class: "value", "aria-label": translate("where_from", { label: pickLabel(figure), value: formatFigure(figure) }) }))))) : element("p", {}, translate("no_value")),
  ];
}

export async function openSheet(code, context) {
  const body = openDrawer(translate("sheet"), element("p", {}, translate("loading")));
  const answer = await read(makePath(`/v1/units/${code}/summary`, { period: context.period, basis: context.basis }));
  if (answer.problem) return replace(body.lastElementChild, explain(answer.problem));
  const summary = answer.document;
  const total = summary.funding.total;
  const sheetContext = { ...context, unit: code, sheetUnit: summary.unit.full_name };
  const held = total && (total.available_vnd || total.disbursed_vnd);
  return openDrawer(summary.unit.full_name,
    element("p", {}, [...summary.unit.ancestors.map((unit) => unit.full_name), `${translate("period")} ${summary.period}`].join(" · ")),
    summary.unit.successors.length ? element("p", {}, translate("became", { units: summary.unit.successors.map((unit) => unit.full_name).join(", ") })) : null,
    summary.programs.map((part) => makeProgramPart(part, sheetContext)),
    element("h3", {}, translate("recognition")), describeRecognition(summary.recognition, code),
    element("h3", {}, translate("classification")), describeClassification(summary.classification),
    element("h3", {}, translate("funding")), held ? makeFacts(["available", "disbursed", "left"].map((measure) =>
      [translate(measure), `${formatMoney(total[`${measure}_vnd`], true)} ${translate("dong")}`])) : element("p", {}, translate("no_money")),
    element("h3", {}, translate("recommendations")), describeRecommendations(summary.recommendations),
    element("h3", {}, translate("obligations")), describeObligations(summary));
}
