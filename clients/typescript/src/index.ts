// The client: every operation of the contract by its path, typed by what `npm run generate` makes of the document.

import createClient, { type Client } from "openapi-fetch";
import { type ProblemDocument, RefusedError } from "./answers.js";
import { createNtpFetch, type FetchOptions } from "./fetch.js";
import type { paths } from "./schema.js";

export { type AnswerStore, type KeptAnswer, MemoryAnswers, type ProblemDocument, type ProblemFault, RefusedError } from "./answers.js";
export { createNtpFetch, type Credentials, type FetchOptions, STALE_FIELD } from "./fetch.js";
export type { components, paths } from "./schema.js";

/** Return a client whose calls have the token, retries, keys and kept answers of `createNtpFetch`. */
export function createNtpClient(options: FetchOptions): Client<paths> {
  const send = createNtpFetch(options);
  return createClient<paths>({ baseUrl: options.origin, fetch: (request) => send(request) });
}

/** Return the data of an answer. Throws `RefusedError`. */
export function expectData<T>(result: { data?: T; error?: unknown; response: Response }): T {
  if (result.data === undefined || !result.response.ok) {
    throw new RefusedError(result.response.status, result.error as ProblemDocument);
  }
  return result.data;
}

/** Yield the rows of all pages of a list; `read` reads the page with a cursor. */
export async function* iteratePages<T>(
  read: (cursor: string | undefined) => Promise<{ items: T[]; next: string | null }>,
): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    yield* page.items;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}
