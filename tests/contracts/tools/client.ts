// Uses the TypeScript client of the product: node client.js GATEWAY DISTRICT-SECRET REVIEWER-SECRET.
// Token, dry run, report, repeat, accept, status, kept answers, no network; throws where something is not as it should be.

import { createNtpClient, expectData, iteratePages, RefusedError, STALE_FIELD, type components } from "ntp-client";

type ReportIn = components["schemas"]["ReportIn"];

const [gateway = "", districtSecret = "", reviewerSecret = ""] = process.argv.slice(2);
const statuses: number[] = [];
let failures = 0;

function require(condition: unknown, what: unknown): asserts condition {
  if (!condition) {
    throw new Error(JSON.stringify(what));
  }
}

/** A link that loses the first answers when it is told to, and remembers the status of each. */
async function badLink(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const answer = await fetch(input, init);
  if (failures > 0) {
    failures -= 1;
    throw new TypeError("the link broke");
  }
  statuses.push(answer.status);
  return answer;
}

function open(clientId: string, clientSecret: string, giveUpAfterMs = 60_000) {
  const credentials = { clientId, clientSecret };
  return createNtpClient({ origin: gateway, credentials, language: "en", fetch: badLink, giveUpAfterMs });
}

const district = open("district-610", districtSecret);
const reviewer = open("reviewer", reviewerSecret);
const report: ReportIn = {
  unit: "610",
  period: "2023",
  form: "annual_results",
  observations: [
    { unit: "610", indicator: "jobs_created", value: 640, status: "official" },
    { unit: "610", indicator: "persons_trained", value: 512, status: "official" },
  ],
  nil: false,
  note: "số liệu chính thức ".repeat(40),
  evidence: [],
};

function submit(key: string, dryRun: boolean) {
  return district.POST("/v1/poverty/reports", {
    params: { header: { "Idempotency-Key": key }, query: { dry_run: dryRun } },
    body: report,
  });
}

const dry = await submit("typescript-1", true);
require(dry.response.status === 200 && expectData(dry).id === null, dry);
failures = 2; // the report arrives, and its answer is lost twice
const first = expectData(await submit("typescript-1", false));
require(first.id && failures === 0, first);
const again = await submit("typescript-1", false);
require(expectData(again).id === first.id && again.response.headers.get("Idempotent-Replay") === "true", again);

const accepted = await reviewer.POST("/v1/poverty/reports/{report_id}/accept", {
  params: { header: { "Idempotency-Key": "typescript-2" }, path: { report_id: first.id } },
  body: { content_sha256: first.content_sha256 },
});
require(expectData(accepted).state === "accepted", accepted);

function readStatus(client: ReturnType<typeof open>) {
  return client.GET("/v1/status", { params: { query: { period: "2023" } } });
}

const status = expectData(await readStatus(reviewer));
require(typeof status === "object", status); // the other form of the answer is CSV, a text
const poverty = status.programs.find((program) => program.program === "poverty");
require(poverty?.figures.some((figure) => figure.value === 640), status);

const figures = () =>
  reviewer.GET("/v1/poverty/progress", { params: { query: { unit: "610", period: "2023" } } });
expectData(await figures());
statuses.length = 0;
const kept = expectData(await figures());
require(statuses.length === 1 && statuses[0] === 304 && typeof kept === "object", statuses);

const rows = iteratePages(async (cursor) => {
  const query = { unit: "610", limit: 1, ...(cursor === undefined ? {} : { cursor }) };
  const page = expectData(await district.GET("/v1/poverty/reports", { params: { query } }));
  require(typeof page === "object", page);
  return page;
});
const ids: string[] = [];
for await (const row of rows) {
  ids.push(row.id);
}
require(ids.includes(first.id), ids);

const refused = await district.GET("/v1/poverty/reports/{report_id}", {
  params: { path: { report_id: "00000000-0000-7000-8000-000000000000" } },
});
try {
  expectData(refused);
  throw new Error("not refused");
} catch (error) {
  require(error instanceof RefusedError && error.problem.code === "report_not_found", String(error));
}

const impatient = open("reviewer", reviewerSecret, 0);
const readFigures = () =>
  impatient.GET("/v1/poverty/progress", { params: { query: { unit: "610", period: "2023" } } });
const seen = await readFigures();
failures = 1_000;
const old = await readFigures();
require(old.response.headers.get(STALE_FIELD) === "true", "an answer that was kept, without network");
require(JSON.stringify(old.data) === JSON.stringify(seen.data), old);
