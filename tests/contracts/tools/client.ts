// Uses the types that openapi-typescript generated: node client.js GATEWAY DISTRICT-SECRET REVIEWER-SECRET.
// Token, dry run, report, repeat, accept, status; throws where an answer is not what the contract says.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type ReportIn = components["schemas"]["ReportIn"];

const [gateway = "", districtSecret = "", reviewerSecret = ""] = process.argv.slice(2);

function require(condition: unknown, what: unknown): asserts condition {
  if (!condition) {
    throw new Error(JSON.stringify(what));
  }
}

async function open(clientId: string, secret: string) {
  const client = createClient<paths>({ baseUrl: gateway });
  const { data, error } = await client.POST("/oauth/token", {
    body: { grant_type: "client_credentials" },
    bodySerializer: (body) => new URLSearchParams({ grant_type: body.grant_type }),
    headers: {
      Authorization: `Basic ${btoa(`${clientId}:${secret}`)}`,
      "Content-Type": "application/x-www-form-urlencoded",
    },
  });
  require(data, error);
  return createClient<paths>({ baseUrl: gateway, headers: { Authorization: `Bearer ${data.access_token}` } });
}

const district = await open("district-610", districtSecret);
const reviewer = await open("reviewer", reviewerSecret);
const report: ReportIn = {
  unit: "610",
  period: "2023",
  form: "annual_results",
  observations: [
    { unit: "610", indicator: "jobs_created", value: 640, status: "official" },
    { unit: "610", indicator: "persons_trained", value: 512, status: "official" },
  ],
  nil: false,
  evidence: [],
};

function submit(key: string, dryRun: boolean) {
  return district.POST("/v1/poverty/reports", {
    params: { header: { "Idempotency-Key": key }, query: { dry_run: dryRun } },
    body: report,
  });
}

const dry = await submit("typescript-1", true);
require(dry.response.status === 200 && dry.data?.id === null, dry);
const first = await submit("typescript-1", false);
require(first.response.status === 201 && first.data?.id, first);
const again = await submit("typescript-1", false);
require(again.data?.id === first.data.id && again.response.headers.get("Idempotent-Replay") === "true", again);

const accepted = await reviewer.POST("/v1/poverty/reports/{report_id}/accept", {
  params: { header: { "Idempotency-Key": "typescript-2" }, path: { report_id: first.data.id } },
  body: { content_sha256: first.data.content_sha256 },
});
require(accepted.data?.state === "accepted", accepted);

const status = await reviewer.GET("/v1/status", { params: { query: { period: "2023" } } });
require(typeof status.data === "object", status); // the other form of the answer is CSV, a text
const poverty = status.data.programs.find((program) => program.program === "poverty");
require(poverty?.figures.some((figure) => figure.value === 640), status);

const refused = await district.GET("/v1/poverty/reports/{report_id}", {
  params: { path: { report_id: "00000000-0000-7000-8000-000000000000" } },
});
require(refused.error?.code === "report_not_found", refused);
