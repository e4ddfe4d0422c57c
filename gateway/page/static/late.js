// Who is late: what was owed and received by form and unit, nil and silence apart, and what is due next.

import { element, makeScrollBox, makeSection, makeTable, replace, whenSeen } from "./draw.js";
import { makePath, read } from "./read.js";
import { explainProblem, formatDay, formatNumber, pickFormLabel, translate } from "./words.js";

const OWED_FIELDS = "expected,reported,accepted,overdue,programs,unit,unit_name,unit_since,form,form_label,form_label_en,due_on,state,nil,timeliness";
const NEXT_FIELDS = "form,form_label,form_label_en,due_on,state,nil,timeliness";
const NEXT_SHOWN = 12;

function listOwed(obligations) {
  return obligations.programs.flatMap((part) => part.items.map((row) => ({ ...row, program: part.program })));
}

export function groupOwed(rows, makeKey) {
  const groups = new Map();
  for (const row of rows) {
    const key = makeKey(row);
    const group = groups.get(key) ?? { ...row, owed: 0, received: 0, nils: 0, silent: 0, overdue: 0, late: 0 };
    group.owed += 1;
    if (row.state === "missing") group.silent += 1;
    else group.received += 1;
    if (row.nil) group.nils += 1;
    if (row.timeliness === "overdue") group.overdue += 1;
    if (row.timeliness === "late") group.late += 1;
    groups.set(key, group);
  }
  return [...groups.values()];
}

function makeCounts() {
  return [
    { label: translate("owed"), number: true, content: (row) => formatNumber(row.owed) },
    { label: translate("received"), number: true, content: (row) => formatNumber(row.received) },
    { label: translate("nil"), number: true, content: (row) => formatNumber(row.nils) },
    { label: translate("silent"), number: true, content: (row) => formatNumber(row.silent) },
    { label: translate("overdue"), number: true, content: (row) => (row.overdue ? element("strong", { class: "problem" }, formatNumber(row.overdue)) : "0") },
    { label: translate("late_count"), number: true, content: (row) => formatNumber(row.late) },
  ];
}

function makeFormsTable(rows) {
  const forms = groupOwed(rows, (row) => `${row.program}.${row.form}.${row.due_on}`);
  const columns = [
    { label: translate("form"), content: (row) => [translate(row.program), " · ", pickFormLabel(row)] },
    { label: translate("due_on"), content: (row) => (row.due_on ? formatDay(row.due_on) : translate("not_judged")) }, ...makeCounts(),
  ];
  return element("details", {}, element("summary", {}, translate("by_form", { count: formatNumber(forms.length) })),
    makeScrollBox(translate("form"), makeTable(translate("form"), columns, forms)));
}

function makeProgramsTable(rows) {
  const columns = [{ label: translate("program"), content: (row) => translate(row.program) }, ...makeCounts()];
  return makeScrollBox(translate("by_program"), makeTable(translate("by_program"), columns, groupOwed(rows, (row) => row.program)));
}

function makeUnitsTable(rows) {
  const units = groupOwed(rows, (row) => `${row.unit}@${row.unit_since}`);
  units.sort((left, right) => right.overdue - left.overdue || right.silent - left.silent || left.unit_name.localeCompare(right.unit_name, "vi"));
  const columns = [{ label: translate("units"), content: (row) => row.unit_name }, ...makeCounts()];
  return element("details", {}, element("summary", {}, translate("by_unit", { count: formatNumber(units.length) })),
    makeScrollBox(translate("units"), makeTable(translate("units"), columns, units)));
}

function makeNextTable(rows, today, year) {
  const waiting = rows.filter((row) => row.state === "missing" && row.due_on && row.due_on >= today);
  const forms = groupOwed(waiting, (row) => `${row.program}.${row.form}.${row.due_on}`).sort((left, right) => (left.due_on < right.due_on ? -1 : 1));
  if (!forms.length) return element("p", {}, translate("next_none"));
  const columns = [
    { label: translate("due_on"), content: (row) => formatDay(row.due_on) },
    { label: translate("form"), content: (row) => [translate(row.program), " · ", pickFormLabel(row)] },
    { label: translate("unit_count"), number: true, content: (row) => formatNumber(row.owed) },
  ];
  const title = translate("next_due", { year });
  const rest = forms.slice(NEXT_SHOWN);
  return [makeScrollBox(title, makeTable(title, columns, forms.slice(0, NEXT_SHOWN))),
    rest.length ? element("details", {}, element("summary", {}, translate("more_forms", { count: rest.length })),
      makeScrollBox(translate("more_forms", { count: rest.length }), makeTable(title, columns, rest))) : null];
}

async function readOwed(period, unit, fields) {
  return read(makePath("/v1/obligations", { period, unit, fields }));
}

// What is due next is of this year, whatever the period that is shown.
async function drawNext(context, place, answer) {
  const thisYear = context.today.slice(0, 4);
  const next = context.period === thisYear ? answer : await readOwed(thisYear, null, NEXT_FIELDS);
  if (!context.isCurrent() || next.problem) return;
  replace(place, makeNextTable(listOwed(next.document), context.today, thisYear));
}

export async function drawLate(context, place) {
  const answer = await readOwed(context.period, context.unit, OWED_FIELDS);
  if (!context.isCurrent()) return;
  if (answer.problem) {
    replace(place, makeSection("late", translate("late"), element("p", { class: "problem" }, translate("not_read", { reason: explainProblem(answer.problem) }))));
    return;
  }
  const rows = listOwed(answer.document);
  for (const row of rows) context.formNames.set(row.form, pickFormLabel(row));
  const next = element("div", { class: "next" });
  const notJudged = rows.filter((row) => row.state === "missing" && row.timeliness === "not_judged").length;
  replace(place, makeSection("late", `${translate("late")}, ${context.period}`,
    element("p", {}, translate("late_summary", {
      reported: formatNumber(answer.document.reported), expected: formatNumber(answer.document.expected),
      accepted: formatNumber(answer.document.accepted), overdue: formatNumber(answer.document.overdue),
    })),
    answer.document.programs.filter((part) => part.state === "unavailable").map((part) =>
      element("p", { class: "problem" }, translate("part_away", { program: translate(part.program) }))),
    answer.document.overdue ? null : element("p", {}, translate("late_none")),
    notJudged ? element("p", {}, translate("late_not_judged", { count: formatNumber(notJudged) })) : null,
    makeProgramsTable(rows), makeUnitsTable(rows), makeFormsTable(rows),
    next));
  whenSeen(next, () => drawNext(context, next, answer));
}
