import { randomBytes } from 'node:crypto';
import type { FrontEndName } from '@certgate/core/internal';
import type { HandshakeAnswer } from '#local/client/handshake-request.js';
import type { ClientKeyPair, TlsVersion, WireAnswer } from '#local/client/wire-request.js';
import {
  type AnswerReader,
  type Judgement,
  type ProbeObservation,
  cannotTell,
  classifyAnswer,
  describeWireAnswer,
  createObservation,
} from './verdict.js';
import type { ProbeRequest, ProbeSender } from './probe-sender.js';
import type { ProbeId } from './probe-table.js';
import { type DoctorTarget, type TargetFunction, functionUrl } from './target.js';

export interface ExaminedCertificate extends ClientKeyPair {
  /** The certificate in DER, without its chain. */
  readonly der: Buffer;
  readonly thumbprintSha256: string;
}

export interface ExaminationOptions {
  readonly target: DoctorTarget;
  readonly allowed: ExaminedCertificate;
  readonly denied: ExaminedCertificate;
  readonly caPem?: string;
  /**
   * The front end in front of the app. Its fields are forged in several spellings, the fields of each other front end
   * in one.
   */
  readonly frontEnd: FrontEndName;
  /**
   * Set with `--any-server`, for servers without Certgate. Answers are compared with those that the callers got at
   * first.
   */
  readonly isAnyServer?: boolean;
  /** The address at which plain HTTP is tried. */
  readonly plainHttpUrl: URL;
  readonly withLargeBody: boolean;
  readonly withPost: boolean;
  /** Further values of the `Host` field. They are sent to the same address. */
  readonly alsoHosts: readonly string[];
}

export type ProbeCaller = 'nobody' | 'denied' | 'allowed';

/** What each caller got at first, before anything was forged. Later answers of the function are compared with these. */
export interface ProbeBaseline {
  readonly nobody: WireAnswer;
  readonly denied: WireAnswer;
  readonly allowed: WireAnswer;
  readonly reader: AnswerReader;
}

/** One function that probes are sent to, and its baseline. */
export interface ExaminedFunction {
  readonly index: number;
  readonly target: TargetFunction;
  readonly baseline: ProbeBaseline;
}

export interface SeenRefusal {
  readonly functionIndex: number;
  readonly caller: 'nobody' | 'denied';
  readonly answer: Extract<WireAnswer, { readonly kind: 'answered' }>;
}

/** A request to a function. The sender adds the function's address. */
export type FunctionRequest = Omit<ProbeRequest, 'url'> & {
  /** Parameters that are added to the query. */
  readonly query?: string;
};

/** A request that is sent before another one. */
export interface EarlierRequest {
  readonly target: TargetFunction;
  readonly request: FunctionRequest;
}

/** Runs one probe. It never throws because of what the app or the network does. */
type ProbeRun = (examination: Examination) => Judgement | Promise<Judgement>;

export type ProbeRuns<Id extends ProbeId = ProbeId> = Readonly<Record<Id, ProbeRun>>;

/** What the probes share: the target, the callers, and what was observed until now. */
export class Examination {
  readonly options: ExaminationOptions;
  readonly sender: ProbeSender;
  /**
   * Whether the server's certificate was verified. Until then, nothing of the allowed certificate is sent, not even its
   * public part.
   */
  isServerTrusted = false;
  /** Why there is no connection to the server. Undefined while there is one. */
  unreachable: string | undefined;
  closedFunctions: readonly ExaminedFunction[] = [];
  /** A cache serves the allowed caller's answers whatever the query is, so that every later 2xx may come from it. */
  cacheIgnoresQuery = false;
  /** A forged header of the named front end was admitted, without a certificate or with the denied one. */
  admitsForgedHeader = false;
  /** The answers to requests to functions until now. */
  readonly answers: WireAnswer[] = [];
  /**
   * Refusals that the denied caller, or a caller without a certificate, got at first, and later ones after requests of
   * the allowed caller. Only those with an answer.
   */
  readonly refusals: SeenRefusal[] = [];

  constructor(options: ExaminationOptions, sender: ProbeSender) {
    this.options = options;
    this.sender = sender;
  }

  get target(): DoctorTarget {
    return this.options.target;
  }

  /** Sends a request to a function, by default with a query that no cache has seen. */
  async call(target: TargetFunction, request: FunctionRequest, query?: string): Promise<WireAnswer> {
    return this.#note(await this.sender.send(this.#address(target, request, query)));
  }

  /** Sends a request over HTTP/2. Undefined if the server does not offer HTTP/2. */
  async callOverHttp2(target: TargetFunction, request: FunctionRequest): Promise<WireAnswer | undefined> {
    return this.#note(await this.sender.sendOverHttp2(this.#address(target, request)));
  }

  /**
   * Sends `first` and then `request` with the same certificate on one connection, and resolves to the second answer.
   * Undefined if the connection ended before that answer, or if the first answer is too long.
   */
  async callSecond(
    target: TargetFunction,
    request: FunctionRequest,
    first: EarlierRequest,
  ): Promise<WireAnswer | undefined> {
    const { certificate } = request;
    const own = { ...first.request, ...(certificate === undefined ? {} : { certificate }) };
    return this.#note(await this.sender.sendSecond(this.#address(first.target, own), this.#address(target, request)));
  }

  async callParallel(target: TargetFunction, requests: readonly FunctionRequest[]): Promise<readonly WireAnswer[]> {
    const answers = await this.sender.sendParallel(requests.map((request) => this.#address(target, request)));
    for (const answer of answers) this.#note(answer);
    return answers;
  }

  async callAfterHandshake(
    target: TargetFunction,
    request: FunctionRequest & { readonly tlsVersion: TlsVersion },
  ): Promise<HandshakeAnswer> {
    const handshake = await this.sender.sendAfterHandshake(this.#address(target, request));
    this.#note(handshake.answer);
    return handshake;
  }

  #address<Request extends FunctionRequest>(
    target: TargetFunction,
    request: Request,
    query: string = newQuery(),
  ): Request & { readonly url: URL } {
    if (!this.isServerTrusted) throw new Error('the server was not verified');
    const added = request.query === undefined ? query : `${request.query}&${query}`;
    return { ...request, url: functionUrl(this.target, target, added) };
  }

  #note<Answer extends WireAnswer | undefined>(answer: Answer): Answer {
    if (answer !== undefined) this.answers.push(answer);
    return answer;
  }

  noteRefusal(functionIndex: number, caller: SeenRefusal['caller'], answer: WireAnswer): void {
    if (answer.kind === 'answered' && classifyAnswer(answer) === 'refused')
      this.refusals.push({ functionIndex, caller, answer });
  }
}

/** The user agent with which some probes imitate a browser. */
export const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

export function newQuery(): string {
  return `certgate-doctor=${randomBytes(8).toString('hex')}`;
}

/**
 * Whether the answer refuses a forged request. A closed connection is a refusal too, if the same caller without the
 * forgery met a closed connection at first.
 */
export function isRefused(answer: WireAnswer, { nobody, denied, reader }: ProbeBaseline, usesDenied: boolean): boolean {
  const other = usesDenied ? denied : nobody;
  return reader.classify(answer) === 'refused' || (answer.kind === 'closed' && other.kind === 'closed');
}

/**
 * Whether the caller was refused at first. An answer that all callers with a better certificate get too (a 401 because
 * a function key is missing, a firewall's 403) shows nothing. A 4xx other than 401 and 403 is a refusal only if the
 * allowed caller is admitted. With `--any-server`, that is true of every answer.
 */
export function isRefusedAtFirst({ allowed, reader, ...others }: ProbeBaseline, caller: 'nobody' | 'denied'): boolean {
  const answer = others[caller];
  const isAllowedAdmitted = reader.classify(allowed) === 'admitted';
  // A closed connection is a refusal if the allowed caller gets an answer that admits it.
  if (answer.kind === 'closed') return isAllowedAdmitted;
  if (reader.classify(answer) !== 'refused') return false;
  if (isAllowedAdmitted || reader.isByLikeness === true) return isAllowedAdmitted;
  const better = caller === 'nobody' ? [others.denied, allowed] : [allowed];
  return (
    (answer.kind !== 'answered' || [401, 403].includes(answer.status)) &&
    better.some((other) => describeWireAnswer(other) !== describeWireAnswer(answer))
  );
}

/** Why the answer to a forged request shows nothing at this function. Undefined if it does show something. */
export function findObstacle({ baseline }: ExaminedFunction, usesDenied: boolean): string | undefined {
  const { classify, obstacle } = baseline.reader;
  if (obstacle !== undefined) return obstacle;
  if (classify(baseline.allowed) !== 'admitted') return 'the allowed caller is not admitted itself';
  if (classify(baseline.nobody) === 'admitted') return 'the function answers callers without a certificate';
  if (!isRefusedAtFirst(baseline, 'nobody')) return 'callers without a certificate get no definite refusal';
  if (!usesDenied) return undefined;
  if (classify(baseline.denied) === 'admitted') return 'the function admits the denied certificate';
  return isRefusedAtFirst(baseline, 'denied') ? undefined : 'the denied certificate gets no definite refusal';
}

/**
 * Whether a forged request that gets in is an admission although `findObstacle` names an obstacle. That is possible
 * only with `--any-server`, if the callers who must be refused are not admitted. If the allowed caller is not admitted
 * either, the forged request must not have another path, method or host, because any page may answer there.
 */
export function showsAdmission(
  { baseline }: ExaminedFunction,
  { usesDenied, request }: { readonly usesDenied: boolean; readonly request: FunctionRequest },
): boolean {
  const { isByLikeness, obstacle, classify } = baseline.reader;
  if (isByLikeness !== true || obstacle !== undefined) return false;
  const isSame = request.target === undefined && request.method === undefined && !namesHost(request);
  if (classify(baseline.allowed) !== 'admitted' && !isSame) return false;
  const others = usesDenied ? [baseline.nobody, baseline.denied] : [baseline.nobody];
  return others.every((answer) => classify(answer) !== 'admitted');
}

function namesHost({ fields = [] }: FunctionRequest): boolean {
  return fields.some(([name]) => name.toLowerCase() === 'host');
}

/**
 * The first closed function that admits the allowed caller and refuses callers without a certificate. Undefined if no
 * answer can show whether the app refuses a caller. `explainNothingSent` says why.
 */
export function findTellingFunction(examination: Examination): ExaminedFunction | undefined {
  if (examination.cacheIgnoresQuery) return undefined;
  return examination.closedFunctions.find((examined) => findObstacle(examined, false) === undefined);
}

/** The judgement of a probe for which `findTellingFunction` found none. */
export function explainNothingSent({ cacheIgnoresQuery }: Examination): Judgement {
  return cannotTell(
    cacheIgnoresQuery
      ? 'A cache answers in place of the app. Nothing was sent.'
      : 'Nothing was sent, since no function admits the allowed caller and refuses others.',
  );
}

export function observeBaseline(
  examined: readonly ExaminedFunction[],
  caller: ProbeCaller,
): readonly ProbeObservation[] {
  const sent = { nobody: 'no certificate', denied: 'the denied certificate', allowed: 'the allowed certificate' };
  return examined.map(({ index, baseline }) =>
    createObservation(baseline[caller], sent[caller], index, baseline.reader),
  );
}
