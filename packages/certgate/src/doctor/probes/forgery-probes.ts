import { X509Certificate } from 'node:crypto';
import { type FrontEndName, frontEndNames } from '@certgate/core/internal';
import type { WireAnswer } from '../../local/client/wire-request.js';
import { escapePem, findPlayedFrontEnd, writeByteSequence } from '../../local/gateway/front-ends/played-front-ends.js';
import { createLookalikeCertificate } from '../../certificates/lookalike-certificate.js';
import {
  type Baseline,
  type ExaminedCertificate,
  type ExaminedFunction,
  type Examination,
  type FunctionRequest,
  type ProbeRuns,
  findObstacle,
  isRefused,
  showsAdmission,
} from '../examination.js';
import type { ProbeId } from '../probe-table.js';
import {
  type Judgement,
  type ProbeObservation,
  type Verdict,
  cannotTell,
  capitalize,
  combineVerdicts,
  observe,
} from '../verdict.js';

export type ForgedField = readonly [name: string, value: string];

/**
 * What a front end would write of a certificate, and of those of its issuers that its file has: the field with the
 * certificate first. Anybody who has a copy of the certificate can write it.
 */
function forgeFields(frontEnd: FrontEndName, { certificatePem }: ExaminedCertificate): readonly ForgedField[] {
  const blocks = certificatePem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const [der, ...chain] = blocks.map((block) => Buffer.from(block.replaceAll(/-----.*-----/g, ''), 'base64'));
  return der === undefined ? [] : findPlayedFrontEnd(frontEnd).writeCertificate({ der, chain });
}

/** A request that only a forger would send, and what is published of it. */
export interface Forgery {
  readonly sent: string;
  readonly request: FunctionRequest;
  /** With a certificate that is not allowed. */
  readonly usesDenied: boolean;
  /** Default: over HTTP/1.1. */
  readonly isHttp2?: boolean;
  /** On a connection on which the same caller was answered before. */
  readonly isSecond?: boolean;
}

type Spelling = (name: string) => string;

const asItIs: Spelling = (name) => name;

export const forgeryProbes: ProbeRuns<Extract<ProbeId, `forged-${string}`> | 'lookalike-certificate'> = {
  'forged-header': (examination) => judgeForgeries(examination, forgeSpellings(examination, [asItIs], [false])),
  'forged-header-beside-denied': (examination) =>
    judgeForgeries(examination, forgeSpellings(examination, [asItIs], [true])),
  'forged-header-twice': (examination) => {
    const [certificate, ...others] = forgeOwnFields(examination);
    const [name, value] = certificate;
    return judgeForgeries(examination, [
      ...forgeBeside(examination, `${name} and ${name}`, [certificate, certificate, ...others]),
      ...forgeBeside(examination, `two values in one line of ${name}`, [[name, `${value},${value}`], ...others]),
    ]);
  },
  'forged-header-case': (examination) =>
    judgeSpellings(examination, [
      (name) => name.toLowerCase(),
      (name) => name.toUpperCase(),
      (name) => name.toLowerCase().replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()),
    ]),
  'forged-header-underscore': (examination) =>
    judgeSpellings(examination, [
      (name) => name.replaceAll('-', '_'),
      (name) => name.replace(/-(?=[^-]*$)/, '_'),
      (name) => name.replaceAll('-', '.'),
    ]),
  // Names that no HTTP client sends; a lenient server may strip them and find the header.
  'forged-header-whitespace': (examination) =>
    judgeSpellings(examination, [
      (name) => `${name} `,
      (name) => `${name}\t`,
      (name) => ` ${name}`,
      (name) => `\t${name}`,
    ]),
  'forged-header-encoding': (examination) => {
    const [[name, own], ...others] = forgeOwnFields(examination);
    const encodings = listEncodings(examination.options.allowed.der).filter(([, value]) => value !== own);
    return judgeForgeries(
      examination,
      encodings.flatMap(([what, value]) =>
        forgeBeside(examination, `${name} with ${what}`, [[name, value], ...others]),
      ),
    );
  },
  // One for each other front end that Certgate knows: the app may read the fields of another than its operator thinks.
  'forged-header-of-others': (examination) => {
    const { allowed, frontEnd, isAnyServer } = examination.options;
    const others = frontEndNames.filter((name) => name !== frontEnd);
    const known = others.flatMap((name) => {
      const fields = forgeFields(name, allowed);
      return forgeBeside(examination, `${nameFields(fields)} (${name})`, fields);
    });
    const named = factPrefixes.flatMap((prefix) =>
      forgeBeside(examination, `${prefix}-Verify, ${prefix}-S-DN and the like`, forgeFacts(prefix, allowed.der)),
    );
    return judgeForgeries(examination, isAnyServer === true ? [...known, ...named] : known);
  },
  'lookalike-certificate': (examination) => {
    const forgeries = listLookalikes(examination);
    if (forgeries === undefined) return cannotTell('The names of the allowed certificate cannot be copied.');
    return judgeForgeries(examination, forgeries);
  },
};

/** Of the fields in which configurations of nginx and Apache often hand on facts of a certificate that they verified. */
const factPrefixes: readonly string[] = ['X-SSL-Client', 'X-Client', 'SSL-Client', 'X-Client-Cert'];

function forgeFacts(prefix: string, der: Buffer): readonly ForgedField[] {
  const { subject, serialNumber, fingerprint } = new X509Certificate(der);
  const attributes = subject.split('\n');
  // As RFC 2253 has it: the last one first.
  const name = attributes.toReversed().join(',');
  const commonName = attributes.find((attribute) => attribute.startsWith('CN='))?.slice('CN='.length) ?? '';
  const facts = [
    ['Verify', 'SUCCESS'],
    ...['S-DN', 'DN', 'Subject', 'Subject-DN'].map((fact) => [fact, name] as const),
    ...['CN', 'S-DN-CN'].map((fact) => [fact, commonName] as const),
    ['Serial', serialNumber],
    ['Fingerprint', fingerprint.replaceAll(':', '').toLowerCase()],
  ] as const;
  return facts.map(([fact, value]) => [`${prefix}-${fact}`, Buffer.from(value).toString('latin1')]);
}

/** Texts of a certificate that other front ends write, and that an app may decode as well. */
function listEncodings(der: Buffer): readonly (readonly [what: string, value: string])[] {
  const base64 = der.toString('base64');
  const lines = base64.match(/.{1,64}/g)?.join(' ') ?? '';
  return [
    ['PEM in one line', `-----BEGIN CERTIFICATE----- ${lines} -----END CERTIFICATE-----`],
    ['percent-encoded PEM', escapePem(der)],
    ['base64', base64],
    ['a byte sequence', writeByteSequence(der)],
  ];
}

/** Undefined for a certificate that is not encoded as RFC 5280 has it. */
function listLookalikes({ options }: Examination): readonly Forgery[] | undefined {
  try {
    return (['itself', 'of-original'] as const).map((issuer) => {
      const certificate = createLookalikeCertificate(options.allowed.der, { issuer, now: new Date() });
      const of = issuer === 'itself' ? 'signed by itself' : "that names the allowed one's issuer";
      return { sent: `a certificate ${of}`, request: { certificate }, usesDenied: true };
    });
  } catch {
    return undefined;
  }
}

/** Without a certificate, and with the denied one. */
const besides: readonly boolean[] = [false, true];

export function forgeBeside(
  examination: Examination,
  what: string,
  fields: readonly ForgedField[],
): readonly Forgery[] {
  return besides.map((usesDenied) => forge(examination, what, fields, usesDenied));
}

/** One forgery for each spelling of the front end's fields. */
function forgeSpellings(
  examination: Examination,
  spellings: readonly Spelling[],
  beside: readonly boolean[] = besides,
): readonly Forgery[] {
  return spellings.flatMap((spell) => {
    const fields = forgeOwnFields(examination).map(([name, value]) => [spell(name), value] as const);
    return beside.map((usesDenied) => forge(examination, nameFields(fields), fields, usesDenied));
  });
}

function judgeSpellings(examination: Examination, spellings: readonly Spelling[]): Promise<Judgement> {
  return judgeForgeries(examination, forgeSpellings(examination, spellings));
}

function nameFields(fields: readonly ForgedField[]): string {
  return fields.map(([name]) => JSON.stringify(name).slice(1, -1)).join(' and ');
}

/** Of the front end that the operator names. */
export function forgeOwnFields({ options }: Examination): readonly [ForgedField, ...ForgedField[]] {
  const [certificate, ...others] = forgeFields(options.frontEnd, options.allowed);
  if (certificate === undefined) throw new Error('a front end without a field');
  return [certificate, ...others];
}

function forge({ options }: Examination, what: string, fields: readonly ForgedField[], usesDenied: boolean): Forgery {
  const certificate = usesDenied ? { certificate: options.denied } : {};
  return {
    sent: `${what} ${usesDenied ? 'beside the denied certificate' : 'alone'}`,
    request: { fields, ...certificate },
    usesDenied,
  };
}

/** What shows whether a forgery got through, for those that may reach something else than the function. */
export interface ForgeryTrial<Sent extends Forgery> {
  readonly functions?: readonly ExaminedFunction[];
  readonly judge?: (examined: ExaminedFunction, forgery: Sent, answer: WireAnswer) => Verdict | Promise<Verdict>;
  readonly failure?: string;
}

/**
 * Sends the forgeries to every closed function, up to the first that is admitted, or all where nothing is known of the
 * server. A refusal counts only where the same request of the allowed caller is admitted, before and afterwards: else
 * nobody would be.
 */
export async function judgeForgeries<Sent extends Forgery>(
  examination: Examination,
  forgeries: readonly Sent[] | ((examined: ExaminedFunction) => readonly Sent[]),
  trial: ForgeryTrial<Sent> = {},
): Promise<Judgement> {
  const { functions = examination.closedFunctions, judge = judgeForged, failure = 'It was admitted.' } = trial;
  const verdicts: Verdict[] = [];
  const observations: ProbeObservation[] = [];
  const obstacles = new Set<string>();
  if (functions.length === 0) return cannotTell('No closed function is named.', 'Name one with --function.');
  if (examination.cacheIgnoresQuery) return cannotTell('A cache answers in place of the app. Nothing was sent.');
  for (const examined of functions) {
    for (const forgery of typeof forgeries === 'function' ? forgeries(examined) : forgeries) {
      const obstacle = findObstacle(examined, forgery.usesDenied);
      if (obstacle !== undefined) {
        obstacles.add(obstacle);
        verdicts.push('cannot-tell');
        if (!showsAdmission(examined, forgery)) continue;
      }
      const answer = await sendForgery(examination, examined, forgery);
      if (answer === undefined) {
        // Where there is no second request, nobody can forge in it.
        if (forgery.isSecond !== true) verdicts.push('cannot-tell');
        continue;
      }
      const { reader } = examined.baseline;
      const observation = observe(answer, forgery.sent, examined.index, reader);
      const verdict = await judge(examined, forgery, answer);
      const doubt = verdict === 'fails' ? await findDoubt(examination, examined, forgery, judge) : undefined;
      if (doubt !== undefined) obstacles.add(doubt);
      verdicts.push(doubt === undefined ? verdict : 'cannot-tell');
      const isAdmitted = verdict === 'fails' && doubt === undefined;
      const isUndecided = reader.isByLikeness === true && !isAdmitted && observation.outcome === 'admitted';
      observations.push(isUndecided ? { ...observation, outcome: 'undecided' } : observation);
      if (isAdmitted && reader.isByLikeness !== true) return describeAdmission(failure, observations);
    }
  }
  if (verdicts.includes('fails')) return describeAdmission(failure, observations);
  const note = obstacles.size === 0 ? '' : `${capitalize([...obstacles].join('; '))}.`;
  return { verdict: combineVerdicts(verdicts), note, observations };
}

function describeAdmission(note: string, observations: readonly ProbeObservation[]): Judgement {
  return { verdict: 'fails', note, observations, isForgedAdmission: true };
}

/**
 * Of a server of which nothing is known, an accident is ruled out: what got in must get in again, and nobody else. Where it
 * is not known what the allowed caller gets, a firewall's page must be ruled out too: it comes whatever the fields say.
 */
async function findDoubt<Sent extends Forgery>(
  examination: Examination,
  examined: ExaminedFunction,
  forgery: Sent,
  judge: NonNullable<ForgeryTrial<Sent>['judge']>,
): Promise<string | undefined> {
  const { nobody, allowed, reader } = examined.baseline;
  if (reader.isByLikeness !== true) return undefined;
  const other = await examination.call(examined.target, {});
  const answer = await sendForgery(examination, examined, forgery);
  const isStillRefused = reader.describe(other) === reader.describe(nobody);
  if (!isStillRefused || answer === undefined || (await judge(examined, forgery, answer)) !== 'fails')
    return 'it got in once, and not again';
  const { fields = [] } = forgery.request;
  if (reader.classify(allowed) === 'admitted' || fields.length === 0) return undefined;
  // As long, of the same characters, and without a meaning.
  const garbled = fields.map(
    ([name, value]) => [name, Buffer.from(value, 'latin1').reverse().toString('latin1')] as const,
  );
  const control = await sendForgery(examination, examined, {
    ...forgery,
    request: { ...forgery.request, fields: garbled },
  });
  return control !== undefined && reader.classify(control) === 'refused'
    ? undefined
    : 'the same fields with other values got in too';
}

function judgeForged({ baseline }: ExaminedFunction, forgery: Forgery, answer: WireAnswer): Verdict {
  if (baseline.reader.classify(answer) === 'admitted') return 'fails';
  const isDoubtful = mayBeForSize(answer, forgery) || isOddRefusal(answer, baseline, forgery);
  return isRefused(answer, baseline, forgery.usesDenied) && !isDoubtful ? 'holds' : 'cannot-tell';
}

/**
 * Of a server of which nothing is known: a refusal in other words than at first of a request that is formed as usual.
 * Something on the way may not like the fields, and say nothing about the caller.
 */
function isOddRefusal(answer: WireAnswer, { reader }: Baseline, { request, isHttp2 }: Forgery): boolean {
  const { fields = [], method, httpVersion } = request;
  if (answer.kind !== 'answered' || fields.length === 0) return false;
  const isUsual =
    (method ?? httpVersion ?? isHttp2) === undefined &&
    fields.every(([name]) => /^[\w.-]+$/.test(name) && name.toLowerCase() !== 'upgrade');
  return isUsual && reader.isKnownRefusal?.(answer) === false;
}

/** Some servers answer 400 to 8 KB of header fields, whatever is in them. */
function mayBeForSize(answer: WireAnswer, { request: { fields = [] } }: Forgery): boolean {
  const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return answer.kind === 'answered' && answer.status === 400 && size > 7000;
}

/** Undefined where HTTP/2 is not offered, or the connection ended before a second request. */
export function sendForgery(
  examination: Examination,
  { target }: ExaminedFunction,
  { request, isHttp2, isSecond }: Pick<Forgery, 'request' | 'isHttp2' | 'isSecond'>,
): Promise<WireAnswer | undefined> {
  if (isSecond === true) return examination.callSecond(target, request);
  return isHttp2 === true ? examination.callOverHttp2(target, request) : examination.call(target, request);
}

/**
 * What the allowed caller gets where it was admitted at first and no longer is: the trust document changed, or a firewall
 * locked this machine out. Undefined: it still is admitted everywhere.
 */
export async function findLapse(
  examination: Examination,
  functions: readonly ExaminedFunction[] = examination.closedFunctions,
): Promise<WireAnswer | undefined> {
  for (const { target, baseline } of functions) {
    const { classify } = baseline.reader;
    if (classify(baseline.allowed) !== 'admitted') continue;
    const answer = await examination.call(target, { certificate: examination.options.allowed });
    if (classify(answer) !== 'admitted') return answer;
  }
  return undefined;
}
