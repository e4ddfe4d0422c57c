// Signing in, and the work of who signed in: the queue of a reviewer, the own reports of a district.

import { openDrawer } from "./drawer.js";
import { element, makeButton, makeScrollBox, makeSection, makeTable, replace } from "./draw.js";
import { getClaims, makePath, post, read, signIn } from "./read.js";
import { explainProblem, formatInstant, formatShortest, pickLabel, translate, translateKind } from "./words.js";

const REPORTS_SHOWN = 50;
const REASONS_SHOWN = 10;
const MOST_DECIMALS = 6;

export function askForSignIn(done) {
  const client = element("input", { id: "client-id", autocomplete: "off", required: true, spellcheck: "false" });
  const secret = element("input", { id: "client-secret", type: "password", autocomplete: "off", required: true });
  const fault = element("p", { class: "problem", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    const status = await signIn(client.value.trim(), secret.value);
    secret.value = "";
    if (status !== 200) return replace(fault, translate(status === 401 || status === 400 ? "sign_in_failed" : "sign_in_busy"));
    document.getElementById("drawer").close();
    return done();
  };
  openDrawer(translate("sign_in"), element("form", { class: "sign-in", onsubmit: submit },
    element("label", { class: "field" }, element("span", {}, translate("client_id")), client),
    element("label", { class: "field" }, element("span", {}, translate("client_secret")), secret),
    element("p", {}, translate("sign_in_note")), fault,
    element("button", { type: "submit" }, translate("sign_in"))));
  client.focus();
}

function listPrograms(claims, status) {
  const all = status.programs.map((part) => part.program);
  return claims.programs?.length ? all.filter((program) => claims.programs.includes(program)) : all;
}

async function readReports(context, query) {
  const programs = listPrograms(getClaims(), context.status);
  const answers = await Promise.all(programs.map((program) => read(makePath(`/v1/${program}/reports`, { limit: REPORTS_SHOWN, ...query }))));
  const reports = answers.flatMap((answer, place) => (answer.document?.items ?? []).map((report) => ({ ...report, program: programs[place] })));
  reports.sort((left, right) => (left.received_at < right.received_at ? 1 : -1));
  return { reports, problem: answers.find((answer) => answer.problem)?.problem, hasMore: answers.some((answer) => answer.document?.next) };
}

function makeColumns(last, formNames) {
  return [
    { label: translate("units"), content: (row) => row.unit_name ?? row.unit },
    { label: translate("program"), content: (row) => translate(row.program) },
    { label: translate("form"), content: (row) => formNames.get(row.form) ?? row.form },
    { label: translate("period"), content: (row) => row.period },
    { label: translate("received_at"), content: (row) => formatInstant(row.received_at) },
    { label: translate("state"), content: (row) => translateKind(row.state) },
    last,
  ];
}

// Returns the names of the indicators of a program by code; without them the codes are shown.
async function readLabels(program) {
  const answer = await read(makePath(`/v1/${program}/indicators`, { fields: "code,label,label_en" }));
  return new Map((answer.document?.items ?? []).map((row) => [row.code, pickLabel(row)]));
}

function nameReport(report, context) {
  return [report.unit_name ?? report.unit, context.formNames.get(report.form) ?? report.form, report.period].join(" · ");
}

// Shows a report as it was posted: a reviewer accepts exactly what was read, by its hash.
async function openReport(report, context, redraw) {
  const body = openDrawer(nameReport(report, context), element("p", {}, translate("loading")));
  const [answer, labels] = await Promise.all([read(`/v1/${report.program}/reports/${report.id}`), readLabels(report.program)]);
  body.lastElementChild.remove();
  if (answer.problem) return body.append(element("p", { class: "problem" }, explainProblem(answer.problem)));
  const content = answer.document;
  const columns = [
    { label: translate("units"), content: (row) => context.unitNames.get(row.unit) ?? row.unit },
    { label: translate("figure"), content: (row) => [labels.get(row.indicator) ?? row.indicator, ...Object.values(row.dimension ?? {})].join(" ") },
    { label: translate("value"), number: true, content: (row) => (row.nil ? translate("nil") : formatShortest(row.value, MOST_DECIMALS)) },
    { label: translate("stage"), content: (row) => (row.status ? translateKind(row.status) : "–") },
  ];
  const reason = findReason(content);
  if (content.state === "returned" && reason) body.append(element("p", { class: "problem" }, `${translate("reason")}: ${reason}`));
  if (content.note) body.append(element("p", {}, content.note));
  if (canReview() && content.state === "submitted") body.append(makeVerdict(report, content, redraw));
  return body.append(makeScrollBox(translate("value"), makeTable(`${translate("values_count")}: ${content.observations.length}`, columns, content.observations)));
}

function findReason(report) {
  const reviews = [report.review, ...(report.reviews ?? [])].filter(Boolean);
  return reviews.map((review) => review.reason).filter(Boolean).at(-1) ?? null;
}

function canReview() {
  return getClaims()?.scope.split(" ").includes("review");
}

function makeVerdict(report, content, redraw) {
  const reason = element("input", { id: "reason", maxlength: 1000 });
  const fault = element("p", { role: "alert", class: "problem" });
  const decide = async (verdict) => {
    if (verdict === "return" && !reason.value.trim()) {
      reason.focus();
      return replace(fault, translate("reason_needed"));
    }
    const body = { content_sha256: content.content_sha256, ...(verdict === "return" ? { reason: reason.value.trim() } : {}) };
    const answer = await post(`/v1/${report.program}/reports/${report.id}/${verdict}`, body);
    if (answer.problem) return replace(fault, explainProblem(answer.problem));
    document.getElementById("drawer").close();
    return redraw(translate(`done_${verdict}`, { unit: report.unit_name ?? report.unit }));
  };
  return element("div", { class: "verdict" },
    element("label", { class: "field wide" }, element("span", {}, translate("reason_for", { unit: report.unit_name ?? report.unit })), reason),
    element("div", { class: "controls" }, makeButton(translate("accept"), () => decide("accept"), { id: "accept" }),
      makeButton(translate("return_report"), () => decide("return"), { id: "return" })), fault);
}

// What was returned and why, the newest first; the list of reports names the others.
async function makeReturned(reports, context) {
  const returned = reports.filter((report) => report.state === "returned").slice(0, REASONS_SHOWN);
  const answers = await Promise.all(returned.map((report) => read(`/v1/${report.program}/reports/${report.id}`)));
  if (!returned.length) return null;
  return [element("h3", {}, translate("returned_why")), element("ul", { class: "returned" }, returned.map((report, place) =>
    element("li", {}, element("strong", {}, nameReport(report, context)), ": ", (answers[place].document && findReason(answers[place].document)) ?? "–")))];
}

export async function drawMine(context, place) {
  const claims = getClaims();
  if (!claims) return;
  const isReviewer = canReview();
  const { reports, problem, hasMore } = await readReports(context, isReviewer ? { state: "submitted" } : {});
  const returned = isReviewer ? null : await makeReturned(reports, context);
  if (!context.isCurrent()) return;
  const redraw = async (message) => {
    await drawMine(context, place);
    place.querySelector("[role=status]").textContent = message;
    await context.readStatusAgain();
  };
  const open = { label: translate("action"), content: (row) => makeButton(translate("read_report"), () => openReport(row, context, redraw),
    { "aria-label": `${translate("read_report")}: ${nameReport(row, context)}` }) };
  const title = translate(isReviewer ? "queue" : "own_reports");
  replace(place, makeSection("mine", translate("mine", { client: claims.client_id ?? claims.sub }), element("p", { role: "status" }),
    problem ? element("p", { class: "problem" }, explainProblem(problem)) : null, returned,
    reports.length ? makeScrollBox(title, makeTable(`${title} (${reports.length}${hasMore ? "+" : ""})`, makeColumns(open, context.formNames), reports))
      : element("p", {}, translate(isReviewer ? "queue_empty" : "own_empty"))));
}
