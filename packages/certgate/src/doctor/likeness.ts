import { X509Certificate } from 'node:crypto';
import type { WireAnswer } from '#local/client/wire-request.js';
import type { ProbeCaller } from './examination.js';
import { type AnswerMeaning, type AnswerReader, byStatus } from './verdict.js';

// Decides what an answer means if the server is unknown (`--any-server`). An answer like the allowed caller's admits.
// An answer like the refusal of a caller who must be refused, or one that refuses the form of a request, refuses.
// Others, such as a firewall's page or an error, usually show neither.

export type Answered = Extract<WireAnswer, { readonly kind: 'answered' }>;

/**
 * What the answers to one caller have in common: their status, the words that all of them contain, and the highest
 * number of other words in any of them.
 */
interface Look {
  readonly status: number;
  readonly words: ReadonlySet<string>;
  readonly changing: number;
}

/** What each caller got before anything was forged. The same request, but for its query, was sent twice. */
type Samples = Readonly<Record<ProbeCaller, readonly WireAnswer[]>>;

/** The statuses with which a server refuses the form of a request, whoever sends it. */
const formRefusals: readonly number[] = [400, 404, 405, 421, 501, 505];

/**
 * Learns from `samples` how to read this server's answers. An answer may repeat names and numbers of the
 * `certificates`, so words of these are not compared.
 */
export function createLikenessReader(samples: Samples, certificates: readonly Buffer[]): AnswerReader {
  if (Object.values(samples).some((answers) => !isSteady(answers)))
    return createReader({
      classify: () => 'undecided',
      obstacle: 'the answers to one and the same caller differ from call to call',
    });
  const ignored = new Set(certificates.flatMap(listOwnWords));
  const learn = (answers: readonly WireAnswer[]): Look | undefined => learnLook(answers, ignored);
  const isLike = (answer: Answered, look: Look | undefined): boolean =>
    look !== undefined && fits(answer, look, ignored);
  const allowed = isAdmitted(samples.allowed) ? learn(samples.allowed) : undefined;
  const refusals = [samples.nobody, samples.denied].filter((answers) => !isAdmitted(answers)).map(learn);
  const classify = (answer: WireAnswer): AnswerMeaning => {
    const meaning = byStatus.classify(answer);
    if (answer.kind !== 'answered' || meaning === 'redirected' || meaning === 'undecided') return meaning;
    if (meaning === 'refused') {
      const isKnown =
        formRefusals.includes(answer.status) ||
        // An answer to HEAD has no body, so only its status can be compared.
        refusals.some((look) => isLike(answer, look) || (answer.body.length === 0 && answer.status === look?.status));
      return isKnown ? 'refused' : 'undecided';
    }
    // If the allowed caller is not served, or its answers have too little in common, its usual answer is unknown. Then
    // a 2xx is an admission only if neither that caller nor a caller without a certificate got a 2xx at first.
    if (allowed === undefined)
      return isAdmitted(samples.nobody) || isAdmitted(samples.allowed) ? 'undecided' : 'admitted';
    return answer.status === 101 || isLike(answer, allowed) ? 'admitted' : 'undecided';
  };
  const isKnownRefusal = (answer: WireAnswer): boolean =>
    answer.kind === 'answered' && refusals.some((look) => isLike(answer, look));
  return createReader({ classify, isKnownRefusal }, isAdmitted(samples.allowed));
}

function createReader(reader: Omit<AnswerReader, 'describe'>, isAllowedServed = true): AnswerReader {
  const describe = (answer: WireAnswer): string => {
    const text = byStatus.describe(answer);
    if (byStatus.classify(answer) !== 'admitted') return text;
    if (!isAllowedServed) return `${text}, which the allowed caller does not get`;
    return `${text}, ${reader.classify(answer) === 'admitted' ? 'like' : 'unlike'} what the allowed caller gets`;
  };
  return { isByLikeness: true, describe, ...reader };
}

function isAdmitted(answers: readonly WireAnswer[]): boolean {
  return answers.some((answer) => byStatus.classify(answer) === 'admitted');
}

function isSteady(answers: readonly WireAnswer[]): boolean {
  return new Set(answers.map(byStatus.describe)).size === 1;
}

/**
 * Undefined if the answers show too little to recognize another one: if there is none, or if more words change than stay
 * the same.
 */
function learnLook(answers: readonly WireAnswer[], ignored: ReadonlySet<string>): Look | undefined {
  const [first, ...others] = answers.flatMap((answer) => (answer.kind === 'answered' ? [answer] : []));
  if (first === undefined) return undefined;
  const sets = [first, ...others].map((answer) => listWords(answer.body.toString('utf8'), ignored));
  const words = new Set([...(sets[0] ?? [])].filter((word) => sets.every((set) => set.has(word))));
  const changing = Math.max(...sets.map((set) => set.size - words.size));
  return changing > words.size ? undefined : { status: first.status, words, changing };
}

function fits({ status, body }: Answered, look: Look, ignored: ReadonlySet<string>): boolean {
  if (status !== look.status) return false;
  const words = listWords(body.toString('utf8'), ignored);
  return [...look.words].every((word) => words.has(word)) && words.size - look.words.size <= look.changing;
}

/** Lists the words of a text. Words without a letter are left out, because numbers count or date something. */
function listWords(text: string, ignored: ReadonlySet<string>): ReadonlySet<string> {
  const words =
    normalize(text)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.filter((word) => /\p{L}/u.test(word) && !ignored.has(word)));
}

function listOwnWords(der: Buffer): readonly string[] {
  const { subject, subjectAltName = '', issuer, serialNumber, fingerprint, fingerprint256 } = new X509Certificate(der);
  const numbers = [serialNumber, ...[fingerprint, fingerprint256].map((text) => text.replaceAll(':', ''))];
  // An attribute's value without the name of its type.
  const names = [subject, issuer].map((name) => name.replaceAll(/^\w+=/gm, ''));
  const words = listWords([...names, subjectAltName].join('\n'), new Set());
  return [...words, ...numbers.map((text) => text.toLowerCase())];
}

/** Replaces the parts of a text that differ from answer to answer: ids, fingerprints, times, tokens and numbers. */
export function normalize(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, 'ID')
    .replaceAll(/(?:[0-9a-f]{2}:){7,}[0-9a-f]{2}/gi, 'FINGERPRINT')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, 'TIME')
    .replaceAll(/[\w+/=-]{16,}/g, (token) => (/\d/.test(token) ? 'TOKEN' : token))
    .replaceAll(/\d{4,}/g, 'NUMBER');
}
