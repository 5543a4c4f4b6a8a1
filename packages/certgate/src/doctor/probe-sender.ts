import { setTimeout as wait } from 'node:timers/promises';
import { constants, gunzipSync } from 'node:zlib';
import { type HandshakeAnswer, sendAfterHandshake } from '#local/client/handshake-request.js';
import { sendHttp2Request } from '#local/client/http2-request.js';
import { sendParallelRequests } from '#local/client/parallel-requests.js';
import {
  sendSecondRequest,
  sendWireRequest,
  type ClientKeyPair,
  type TlsVersion,
  type WireAnswer,
} from '#local/client/wire-request.js';

export interface ProbeRequest {
  readonly url: URL;
  readonly certificate?: ClientKeyPair;
  readonly fields?: readonly (readonly [name: string, value: string])[];
  readonly tlsVersion?: TlsVersion;
  readonly hasNoServerName?: true;
  /** Default: `ProbeSenderOptions.method`. */
  readonly method?: string;
  readonly body?: Uint8Array;
  /** The request target, sent unchanged in place of the path and query of the URL. HTTP/2 ignores it. */
  readonly target?: string;
  readonly httpVersion?: '1.0';
}

export interface ProbeSenderOptions {
  readonly userAgent: string;
  readonly method: string;
  readonly caPem?: string;
  readonly requestsPerSecond: number;
  readonly timeoutMilliseconds: number;
  /** The time for all requests together. */
  readonly deadlineMilliseconds: number;
}

/** Takes the place of an answer once the time for all requests is over. */
export const timeIsUp: WireAnswer = { kind: 'timed-out', code: 'not sent: the time for all probes is over' };

/** Sends requests, at most `requestsPerSecond` on average, and none once the time for all of them is over. */
export class ProbeSender {
  sent = 0;
  /**
   * The server's clock minus this machine's, in milliseconds, accurate to about a second. It is read from the first
   * valid `Date` field of an answer to `send`, and is undefined before.
   */
  clockOffset: number | undefined;
  readonly #options: ProbeSenderOptions;
  readonly #startedAt = performance.now();
  #nextAt = 0;

  constructor(options: ProbeSenderOptions) {
    this.#options = options;
  }

  get timeoutMilliseconds(): number {
    return this.#options.timeoutMilliseconds;
  }

  /** Whether the time for all requests is over. Nothing more is sent then. */
  get isTimeUp(): boolean {
    return performance.now() - this.#startedAt >= this.#options.deadlineMilliseconds;
  }

  async send(request: ProbeRequest): Promise<WireAnswer> {
    const budget = await this.takeTurn();
    if (budget <= 0) return timeIsUp;
    const answer = await sendWireRequest(this.#complete(request, budget));
    this.#readClock(answer);
    return decodeBody(answer);
  }

  /** Sends the requests at once, but only after the time that they would take one after another at the allowed rate. */
  async sendParallel(requests: readonly ProbeRequest[]): Promise<readonly WireAnswer[]> {
    let budget = 0;
    for (let turn = 0; turn < requests.length; turn += 1) budget = await this.takeTurn();
    if (budget <= 0) return requests.map(() => timeIsUp);
    return sendParallelRequests(requests.map((request) => this.#complete(request, budget)));
  }

  async sendAfterHandshake(request: ProbeRequest & { readonly tlsVersion: TlsVersion }): Promise<HandshakeAnswer> {
    const budget = await this.takeTurn();
    if (budget <= 0) return { answer: timeIsUp, isRequested: false, isComplete: false };
    return sendAfterHandshake({ ...this.#complete(request, budget), tlsVersion: request.tlsVersion });
  }

  /**
   * Sends two requests on one connection, and resolves to the second answer. Undefined if the connection ended before
   * that answer, or if the first answer is too long.
   */
  async sendSecond(first: ProbeRequest, second: ProbeRequest): Promise<WireAnswer | undefined> {
    // One turn for each of the two requests.
    await this.takeTurn();
    const budget = await this.takeTurn();
    if (budget <= 0) return timeIsUp;
    return sendSecondRequest(this.#complete(first, budget), this.#complete(second, budget));
  }

  /** Sends a request over HTTP/2. Undefined if the server does not offer HTTP/2. */
  async sendOverHttp2(request: ProbeRequest): Promise<WireAnswer | undefined> {
    const budget = await this.takeTurn();
    return budget <= 0 ? timeIsUp : sendHttp2Request(this.#complete(request, budget));
  }

  /**
   * Waits until the rate allows a request, and resolves to the milliseconds that it may take. Zero or less means that
   * the time for all requests is over.
   */
  async takeTurn(): Promise<number> {
    const { requestsPerSecond, timeoutMilliseconds, deadlineMilliseconds } = this.#options;
    const pause = this.#nextAt - performance.now();
    if (pause > 0) await wait(pause);
    const now = performance.now();
    this.#nextAt = now + 1000 / requestsPerSecond;
    const left = deadlineMilliseconds - (now - this.#startedAt);
    if (left > 0) this.sent += 1;
    return Math.min(timeoutMilliseconds, left);
  }

  #complete(request: ProbeRequest, timeoutMilliseconds: number): Parameters<typeof sendWireRequest>[0] {
    const { userAgent, method, caPem } = this.#options;
    const own = request.fields ?? [];
    const agent = own.some(([name]) => name === 'User-Agent') ? [] : [['User-Agent', userAgent] as const];
    const fields = [...agent, ['Accept', '*/*'] as const, ...own];
    return { method, timeoutMilliseconds, ...(caPem === undefined ? {} : { caPem }), ...request, fields };
  }

  #readClock(answer: WireAnswer): void {
    if (answer.kind !== 'answered' || this.clockOffset !== undefined) return;
    const date = Date.parse(answer.fields.find(([name]) => name === 'date')?.[1] ?? '');
    if (!Number.isNaN(date)) this.clockOffset = date - Date.now();
  }
}

/** Decompresses a body that the server compressed because a probe accepts gzip. */
function decodeBody(answer: WireAnswer): WireAnswer {
  if (answer.kind !== 'answered') return answer;
  if (!answer.fields.some(([name, value]) => name === 'content-encoding' && /^gzip$/i.test(value))) return answer;
  try {
    const limits = { maxOutputLength: 1_048_576, finishFlush: constants.Z_SYNC_FLUSH };
    return { ...answer, body: gunzipSync(answer.body, limits) };
  } catch {
    return answer;
  }
}
