// A `fetch` for weak links: it adds the token and the key, repeats what was not answered, and asks only for what changed.

import { type AnswerStore, MemoryAnswers } from "./answers.js";

/** The client's secret is for servers; a phone or a page gets its tokens from a server of its own. */
export type Credentials = { clientId: string; clientSecret: string } | { fetchToken: () => Promise<string> };

export interface FetchOptions {
  origin: string;
  credentials?: Credentials;
  language?: "vi" | "en";
  answers?: AnswerStore;
  /** For how long one request is repeated. */
  giveUpAfterMs?: number;
  firstPauseMs?: number;
  longestPauseMs?: number;
  fetch?: typeof fetch;
  sleep?: (milliseconds: number) => Promise<void>;
}

/** Set on an answer that was kept, because nobody answered: it may be old. */
export const STALE_FIELD = "X-Ntp-Stale";

const RETRIED = new Set([429, 502, 503, 504]);
const RENEW_BEFORE_MS = 30_000;
const COMPRESSED_FROM_BYTES = 512;

/** Return a `fetch` with the token, retries, keys and kept answers of one client. */
export function createNtpFetch(options: FetchOptions): typeof fetch {
  const send = options.fetch ?? fetch;
  const sleep = options.sleep ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
  const answers = options.answers ?? new MemoryAnswers();
  const giveUpAfterMs = options.giveUpAfterMs ?? 60_000;
  const firstPauseMs = options.firstPauseMs ?? 100;
  const longestPauseMs = options.longestPauseMs ?? 5_000;
  const token = createTokenSource(options, send);

  async function attempt(request: Request, body: BodyInit | null, renew: boolean): Promise<Response> {
    const headers = new Headers(request.headers);
    if (options.credentials !== undefined) {
      headers.set("Authorization", `Bearer ${await token(renew)}`);
    }
    const answer = await send(request.url, { method: request.method, headers, body, signal: request.signal });
    return answer.status === 401 && options.credentials !== undefined && !renew
      ? attempt(request, body, true) // a restart may have changed the signing keys
      : answer;
  }

  async function repeat(request: Request, body: BodyInit | null): Promise<Response> {
    const startedAt = Date.now();
    for (let number = 0; ; number += 1) {
      let failure: unknown;
      let answer: Response | undefined;
      try {
        answer = await attempt(request, body, false);
      } catch (error) {
        if (error instanceof TokenRefused) {
          answer = error.response;
        } else if (request.signal.aborted) {
          throw error;
        }
        failure = error;
      }
      if (answer !== undefined && !RETRIED.has(answer.status)) {
        return answer;
      }
      const growing = Math.min(firstPauseMs * 2 ** Math.min(number, 20), longestPauseMs);
      const asked = Number(answer?.headers.get("Retry-After") ?? 0) * 1000 || 0;
      const pause = Math.max(growing * (1 - Math.random() / 2), asked);
      if (Date.now() + pause - startedAt > giveUpAfterMs) {
        if (answer !== undefined) {
          return answer;
        }
        throw failure;
      }
      await sleep(pause);
    }
  }

  return async (input, init) => {
    const original = new Request(input, init);
    const headers = new Headers(original.headers);
    headers.set("Accept-Language", headers.get("Accept-Language") ?? options.language ?? "vi");
    const content = original.method === "GET" ? new ArrayBuffer(0) : await original.arrayBuffer();
    const body = await compress(content, headers);
    if (original.method === "POST" && !headers.has("Idempotency-Key")) {
      headers.set("Idempotency-Key", crypto.randomUUID());
    }
    const address = ["Accept", "Accept-Language"].reduce((text, name) => `${text} ${headers.get(name)}`, original.url);
    const kept = original.method === "GET" ? answers.get(address) : undefined;
    if (kept !== undefined) {
      headers.set("If-None-Match", kept.etag);
    }
    const request = new Request(original.url, { method: original.method, headers, signal: original.signal });
    let answer: Response;
    try {
      answer = await repeat(request, body);
    } catch (error) {
      if (kept === undefined || original.signal.aborted) {
        throw error;
      }
      return toResponse(kept.text, kept.contentType, { ETag: kept.etag, [STALE_FIELD]: "true" });
    }
    if (answer.status === 304 && kept !== undefined) {
      return toResponse(kept.text, kept.contentType, { ETag: kept.etag });
    }
    const etag = answer.headers.get("ETag");
    if (original.method === "GET" && answer.status === 200 && etag !== null) {
      const text = await answer.clone().text();
      answers.set(address, { etag, text, contentType: answer.headers.get("Content-Type") ?? "application/json" });
    }
    return answer;
  };
}

class TokenRefused extends Error {
  constructor(readonly response: Response) {
    super(`no token: ${response.status}`);
  }
}

/** Return a function that gives a token that is valid for a while; concurrent callers share one request. */
function createTokenSource(options: FetchOptions, send: typeof fetch): (renew: boolean) => Promise<string> {
  let current: { text: string; endsAt: number } | undefined;
  let fetching: Promise<string> | undefined;

  async function fetchToken(): Promise<string> {
    const { credentials } = options;
    if (credentials === undefined) {
      return "";
    }
    if ("fetchToken" in credentials) {
      const text = await credentials.fetchToken();
      current = { text, endsAt: Date.now() + 2 * RENEW_BEFORE_MS };
      return text;
    }
    const response = await send(`${options.origin}/oauth/token`, {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(`${credentials.clientId}:${credentials.clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    });
    if (!response.ok) {
      throw new TokenRefused(response);
    }
    const grant = (await response.json()) as { access_token: string; expires_in: number };
    current = { text: grant.access_token, endsAt: Date.now() + grant.expires_in * 1000 };
    return grant.access_token;
  }

  return (renew) => {
    if (!renew && current !== undefined && Date.now() < current.endsAt - RENEW_BEFORE_MS) {
      return Promise.resolve(current.text);
    }
    fetching ??= fetchToken().finally(() => {
      fetching = undefined;
    });
    return fetching;
  };
}

/** Return the body, compressed where that is worth it; says so in the header fields. */
async function compress(content: ArrayBuffer, headers: Headers): Promise<BodyInit | null> {
  if (content.byteLength === 0) {
    return null;
  }
  if (content.byteLength < COMPRESSED_FROM_BYTES || headers.has("Content-Encoding")) {
    return content;
  }
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  const packed = await new Response(stream).arrayBuffer();
  if (packed.byteLength >= content.byteLength) {
    return content;
  }
  headers.set("Content-Encoding", "gzip");
  return packed;
}

function toResponse(text: string, contentType: string, fields: Record<string, string>): Response {
  return new Response(text, { status: 200, headers: { "Content-Type": contentType, ...fields } });
}
