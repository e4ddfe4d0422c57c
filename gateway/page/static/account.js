// Signing in, and the work of who signed in: the queue of a reviewer, the own reports of a district.

import { openDrawer } from "./drawer.js";
import { element, makeButton, makeScrollBox, makeSection, makeTable, replace } from "./draw.js";
import { getClaims, makePath, post, read, signIn } from "./read.js";
import { explainProblem, formatInstant, translate, translateKind } from "./words.js";

const REPORTS_SHOWN = 50;

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

// Shows a report as it was posted: a reviewer accepts exactly what was read, by its hash.
async function openReport(report, context, redraw) {
  const body = openDrawer(`${report.unit_name ?? report.unit} · ${context.formNames.get(report.form) ?? report.form} · ${report.period}`, element("p", {}, translate("loading")));
  const answer = await read(`/v1/${report.program}/reports/${report.id}`);
  body.lastElementChild.remove();
  if (answer.problem) return body.append(element("p", { class: "problem" }, explainProblem(answer.problem)));
  const read_report = answer.document;
  const columns = [
    { label: translate("units"), content: (row) => row.unit },
    { label: translate("figure"), content: (row) => [row.indicator, ...Object.values(row.dimension ?? {})].join(" ") },
    { label: translate("value"), number: true, content: (row) => (row.nil ? translate("nil") : String(row.value)) },
    { label: translate("stage"), content: (row) => (row.status ? translateKind(row.status) : "–") },
  ];
  const reason = findReason(read_report);
  if (reason) body.append(element("p", { class: "problem" }, `${translate("reason")}: ${reason}`));
  if (read_report.note) body.append(element("p", {}, read_report.note));
  if (canReview() && read_report.state === "submitted") body.append(makeVerdict(report, read_report, redraw));
  return body.append(makeScrollBox(translate("value"), makeTable(`${translate("values_count")}: ${read_report.observations.length}`, columns, read_report.observations)));
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
      return replace(fault, translate("reason_for", { unit: report.unit_name ?? report.unit }));
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

export async function drawMine(context, place) {
  const claims = getClaims();
  if (!claims) return;
  const isReviewer = canReview();
  const query = isReviewer ? { state: "submitted" } : {};
  const { reports, problem, hasMore } = await readReports(context, query);
  if (!context.isCurrent()) return;
  const done = element("p", { role: "status" });
  const redraw = async (message) => { await drawMine(context, place); place.querySelector("[role=status]").textContent = message; };
  const open = { label: translate("action"), content: (row) => makeButton(translate("read_report"), () => openReport(row, context, redraw)) };
  const title = translate(isReviewer ? "queue" : "own_reports");
  replace(place, makeSection("mine", translate("mine", { client: claims.client_id ?? claims.sub }), done,
    problem ? element("p", { class: "problem" }, explainProblem(problem)) : null,
    reports.length ? makeScrollBox(title, makeTable(`${title} (${reports.length}${hasMore ? "+" : ""})`, makeColumns(open, context.formNames), reports))
      : element("p", {}, translate(isReviewer ? "queue_empty" : "own_empty"))));
}
