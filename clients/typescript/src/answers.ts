// What a refusal says, and the answers that are kept with their tags.

export interface ProblemFault {
  pointer: string;
  code: string;
  detail: string;
}

/** A refusal (RFC 9457): `code` never changes, the sentences are for people. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  errors?: ProblemFault[];
}

/** Thrown by `expectData` where the service refused; the message names every fault. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly problem: ProblemDocument,
  ) {
    const faults = (problem.errors ?? []).map((fault) => `\n  ${fault.pointer}: ${fault.detail} (${fault.code})`);
    super(`${status} ${problem.code}: ${problem.detail}${faults.join("")}`);
    this.name = "RefusedError";
  }
}

/** An answer that is kept: its tag, its text and the header fields that describe the text. */
export interface KeptAnswer {
  etag: string;
  text: string;
  contentType: string;
}

/** Where answers are kept; a `Map` in memory, or something that writes to the disk of the phone. */
export interface AnswerStore {
  get(address: string): KeptAnswer | undefined;
  set(address: string, answer: KeptAnswer): void;
}

/** Keeps the answers that were used last. */
export class MemoryAnswers implements AnswerStore {
  readonly #answers = new Map<string, KeptAnswer>();

  constructor(readonly most = 200) {}

  get(address: string): KeptAnswer | undefined {
    const answer = this.#answers.get(address);
    if (answer !== undefined) {
      this.#answers.delete(address);
      this.#answers.set(address, answer);
    }
    return answer;
  }

  set(address: string, answer: KeptAnswer): void {
    this.#answers.delete(address);
    this.#answers.set(address, answer);
    const oldest = this.#answers.keys().next();
    if (this.#answers.size > this.most && !oldest.done) {
      this.#answers.delete(oldest.value);
    }
  }
}
