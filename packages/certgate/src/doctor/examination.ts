import { randomBytes } from 'node:crypto';
import type { FrontEndName } from '@certgate/core/internal';
import type { HandshakeAnswer } from '#local/client/handshake-request.js';
import type { ClientIdentity, TlsVersion, WireAnswer } from '#local/client/wire-request.js';
import {
  type AnswerReader,
  type Judgement,
  type ProbeObservation,
  cannotTell,
  classifyAnswer,
  describeAnswer,
  observe,
} from './verdict.js';
import type { ProbeRequest, ProbeSender } from './probe-sender.js';
import type { ProbeId } from './probe-table.js';
import { type DoctorTarget, type TargetFunction, functionUrl } from './target.js';

export interface ExaminedCertificate extends ClientIdentity {
  /** Of the certificate itself. */
  readonly der: Buffer;
  readonly thumbprintSha256: string;
}

export interface ExaminationOptions {
  readonly target: DoctorTarget;
  readonly allowed: ExaminedCertificate;
  readonly denied: ExaminedCertificate;
  readonly caPem?: string;
  /** The one before the app: its fields are forged in every spelling, those of all others once. */
  readonly frontEnd: FrontEndName;
  /** Nothing is known of the server: answers are compared with those that the callers got at first. */
  readonly isAnyServer?: boolean;
  /** Where plain HTTP is tried. */
  readonly plainHttpUrl: URL;
  readonly withLargeBody: boolean;
  readonly withPost: boolean;
  /** Other values of `Host`, which are sent to the same address. */
  readonly alsoHosts: readonly string[];
}

export type Caller = 'nobody' | 'denied' | 'allowed';

/** What the callers got at first, before anything was forged: all other answers are compared with these. */
export interface Baseline {
  readonly nobody: WireAnswer;
  readonly denied: WireAnswer;
  readonly allowed: WireAnswer;
  readonly reader: AnswerReader;
}

/** One function that probes are sent to, and its baseline. */
export interface ExaminedFunction {
  readonly index: number;
  readonly target: TargetFunction;
  readonly baseline: Baseline;
}

export interface SeenRefusal {
  readonly functionIndex: number;
  readonly caller: 'nobody' | 'denied';
  readonly answer: Extract<WireAnswer, { readonly kind: 'answered' }>;
}

/** To a function, whose address is added. */
export type FunctionRequest = Omit<ProbeRequest, 'url'> & {
  /** Parameters that are added to the query. */
  readonly query?: string;
};

/** What is sent before a request. */
export interface EarlierRequest {
  readonly target: TargetFunction;
  readonly request: FunctionRequest;
}

/** A probe. It never throws for what the app or the network does. */
type ProbeRun = (examination: Examination) => Judgement | Promise<Judgement>;

export type ProbeRuns<Id extends ProbeId = ProbeId> = Readonly<Record<Id, ProbeRun>>;

/** What the probes share: the target, the callers, and what was seen until now. */
export class Examination {
  readonly options: ExaminationOptions;
  readonly sender: ProbeSender;
  /** Nothing of the allowed certificate is sent, not even its public part, before the server's is verified. */
  isServerTrusted = false;
  /** Why there is no connection to the server; undefined while there is one. */
  unreachable: string | undefined;
  closedFunctions: readonly ExaminedFunction[] = [];
  /** A cache serves answers of the allowed caller whatever the query is: every later 2xx may come from it. */
  cacheIgnoresQuery = false;
  /** A forged header of the front end that is named gets in, in whatever request it is. */
  admitsForgedHeader = false;
  /** Every answer of the app until now. */
  readonly answers: WireAnswer[] = [];
  /** With the callers' own certificates only. */
  readonly refusals: SeenRefusal[] = [];

  constructor(options: ExaminationOptions, sender: ProbeSender) {
    this.options = options;
    this.sender = sender;
  }

  get target(): DoctorTarget {
    return this.options.target;
  }

  /** To a function, with a query that no cache has seen. */
  async call(target: TargetFunction, request: FunctionRequest, query?: string): Promise<WireAnswer> {
    return this.#note(await this.sender.send(this.#address(target, request, query)));
  }

  /** Undefined where HTTP/2 is not offered. */
  async callOverHttp2(target: TargetFunction, request: FunctionRequest): Promise<WireAnswer | undefined> {
    return this.#note(await this.sender.sendOverHttp2(this.#address(target, request)));
  }

  /**
   * On a connection on which the same caller was answered before; `first` is the request before it. Undefined where the
   * connection ended before the second.
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

/** The user agent that some probes send. */
export const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

export function newQuery(): string {
  return `certgate-doctor=${randomBytes(8).toString('hex')}`;
}

/** Of a forged request: a refusal, also by the silence that a caller with no better certificate met at first. */
export function isRefused(answer: WireAnswer, { nobody, denied, reader }: Baseline, usesDenied: boolean): boolean {
  const other = usesDenied ? denied : nobody;
  return reader.classify(answer) === 'refused' || (answer.kind === 'closed' && other.kind === 'closed');
}

/**
 * Whether a caller was refused at first. An answer that all callers with a better certificate get too (a 401 for want of
 * a function key, a firewall's 403) shows nothing. Any 4xx but 401 and 403 counts only where the allowed one is admitted.
 */
export function isRefusedAtFirst({ allowed, reader, ...others }: Baseline, caller: 'nobody' | 'denied'): boolean {
  const answer = others[caller];
  const isAllowedAdmitted = reader.classify(allowed) === 'admitted';
  // A connection that is closed refuses, if the allowed caller's stays open.
  if (answer.kind === 'closed') return isAllowedAdmitted;
  if (reader.classify(answer) !== 'refused') return false;
  if (isAllowedAdmitted || reader.isByLikeness === true) return isAllowedAdmitted;
  const better = caller === 'nobody' ? [others.denied, allowed] : [allowed];
  return (
    (answer.kind !== 'answered' || [401, 403].includes(answer.status)) &&
    better.some((other) => describeAnswer(other) !== describeAnswer(answer))
  );
}

/** Why nothing can be concluded from what a forged request gets at this function; undefined: something can. */
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
 * Whether a forged request that gets in shows so although there is an obstacle: with `--any-server`, where callers who must
 * be refused get another answer than the allowed one, be it with 200, or where it is not known what the allowed one gets.
 * Then only a request that differs from theirs by a header field or a certificate: to another path or method, anything may answer.
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

/** The first closed function that tells something about all callers. */
export function findTellingFunction(examination: Examination): ExaminedFunction | undefined {
  if (examination.cacheIgnoresQuery) return undefined;
  return examination.closedFunctions.find((examined) => findObstacle(examined, false) === undefined);
}

export const nothingTells: Judgement = cannotTell(
  'Nothing was sent, since no function admits the allowed caller and refuses others.',
);

export function observeBaseline(examined: readonly ExaminedFunction[], caller: Caller): readonly ProbeObservation[] {
  const sent = { nobody: 'no certificate', denied: 'the denied certificate', allowed: 'the allowed certificate' };
  return examined.map(({ index, baseline }) => observe(baseline[caller], sent[caller], index, baseline.reader));
}
