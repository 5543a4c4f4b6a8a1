import { frontEndNames } from '@certgate/core/internal';
import type { WireAnswer } from '../../local/client/wire-request.js';
import { escapePem, writeByteSequence } from '../../local/gateway/front-ends/played-front-ends.js';
import { createLookalikeCertificate } from '../../certificates/lookalike-certificate.js';
import { type Examination, type ExaminedFunction, findObstacle, isRefused } from '../examination.js';
import { type ForgedField, forgeFields } from '../forged-fields.js';
import {
  type Judgement,
  type ProbeObservation,
  type Verdict,
  capitalize,
  classifyAnswer,
  combineVerdicts,
  observe,
} from '../verdict.js';
import type { ProbeRequest } from '../probe-sender.js';

/** A request that only a forger would send, and what is published of it. */
export interface Forgery {
  readonly sent: string;
  readonly request: Omit<ProbeRequest, 'url'>;
  /** With a certificate that is not allowed. */
  readonly usesDenied: boolean;
  /** Default: over HTTP/1.1. */
  readonly isHttp2?: boolean;
  /** On a connection on which the same caller was answered before. */
  readonly isSecond?: boolean;
}

type Spelling = (name: string) => string;

const asItIs: Spelling = (name) => name;

export function probeForgedHeader(examination: Examination): Promise<Judgement> {
  return judgeForgeries(examination, forgeSpellings(examination, [asItIs], [false]));
}

export function probeForgedHeaderBesideDenied(examination: Examination): Promise<Judgement> {
  return judgeForgeries(examination, forgeSpellings(examination, [asItIs], [true]));
}

export function probeForgedHeaderTwice(examination: Examination): Promise<Judgement> {
  const [certificate, ...others] = forgeOwnFields(examination);
  if (certificate === undefined) throw new Error('a front end without a field');
  const [name, value] = certificate;
  const joined = [name, `${value},${value}`] as const;
  return judgeForgeries(
    examination,
    besides.flatMap((usesDenied) => [
      forge(examination, `${name} and ${name}`, [certificate, certificate, ...others], usesDenied),
      forge(examination, `two values in one line of ${name}`, [joined, ...others], usesDenied),
    ]),
  );
}

export function probeForgedHeaderCase(examination: Examination): Promise<Judgement> {
  const spellings: readonly Spelling[] = [
    (name) => name.toLowerCase(),
    (name) => name.toUpperCase(),
    (name) => name.toLowerCase().replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()),
  ];
  return judgeForgeries(examination, forgeSpellings(examination, spellings));
}

export function probeForgedHeaderUnderscore(examination: Examination): Promise<Judgement> {
  const spellings: readonly Spelling[] = [
    (name) => name.replaceAll('-', '_'),
    (name) => name.replace(/-(?=[^-]*$)/, '_'),
    (name) => name.replaceAll('-', '.'),
  ];
  return judgeForgeries(examination, forgeSpellings(examination, spellings));
}

/** Names that no HTTP client sends; a lenient server may strip them and find the header. */
export function probeForgedHeaderWhitespace(examination: Examination): Promise<Judgement> {
  const spellings: readonly Spelling[] = [
    (name) => `${name} `,
    (name) => `${name}\t`,
    (name) => ` ${name}`,
    (name) => `\t${name}`,
  ];
  return judgeForgeries(examination, forgeSpellings(examination, spellings));
}

/** Texts of a certificate that other front ends write, and that an app may decode as well. */
export function probeForgedHeaderEncoding(examination: Examination): Promise<Judgement> {
  const { der } = examination.options.allowed;
  const [certificate, ...others] = forgeOwnFields(examination);
  if (certificate === undefined) throw new Error('a front end without a field');
  const [name, own] = certificate;
  const base64 = der.toString('base64');
  const encodings = [
    [
      'PEM in one line',
      `-----BEGIN CERTIFICATE----- ${base64.match(/.{1,64}/g)?.join(' ') ?? ''} -----END CERTIFICATE-----`,
    ],
    ['percent-encoded PEM', escapePem(der)],
    ['base64', base64],
    ['a byte sequence', writeByteSequence(der)],
  ] as const;
  return judgeForgeries(
    examination,
    encodings
      .filter(([, value]) => value !== own)
      .flatMap(([what, value]) =>
        besides.map((usesDenied) => forge(examination, `${name} with ${what}`, [[name, value], ...others], usesDenied)),
      ),
  );
}

/** One for each other front end that Certgate knows: the app may read the fields of another than its operator thinks. */
export function probeForgedHeaderOfOthers(examination: Examination): Promise<Judgement> {
  const { allowed, frontEnd } = examination.options;
  const others = frontEndNames.filter((name) => name !== frontEnd);
  return judgeForgeries(
    examination,
    others.flatMap((name) => {
      const fields = forgeFields(name, allowed);
      return besides.map((usesDenied) => forge(examination, `${nameFields(fields)} (${name})`, fields, usesDenied));
    }),
  );
}

export function probeLookalikeCertificate(examination: Examination): Promise<Judgement> {
  const forgeries = listLookalikes(examination);
  if (forgeries !== undefined) return judgeForgeries(examination, forgeries);
  return Promise.resolve({ verdict: 'cannot-tell', note: 'The names of the allowed certificate cannot be copied.' });
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

function nameFields(fields: readonly ForgedField[]): string {
  return fields.map(([name]) => JSON.stringify(name).slice(1, -1)).join(' and ');
}

/** Of the front end that the operator names. */
export function forgeOwnFields({ options }: Examination): readonly ForgedField[] {
  return forgeFields(options.frontEnd, options.allowed);
}

export function forge(
  { options }: Examination,
  what: string,
  fields: readonly ForgedField[],
  usesDenied: boolean,
): Forgery {
  const certificate = usesDenied ? { certificate: options.denied } : {};
  return {
    sent: `${what} ${usesDenied ? 'beside the denied certificate' : 'alone'}`,
    request: { fields, ...certificate },
    usesDenied,
  };
}

/**
 * Sends the forgeries to every closed function, up to the first that is admitted. A refusal counts only where the same
 * request of the allowed caller is admitted, before and afterwards: else nobody would be.
 */
export async function judgeForgeries(
  examination: Examination,
  forgeries: readonly Forgery[],
  functions: readonly ExaminedFunction[] = examination.closedFunctions,
): Promise<Judgement> {
  const verdicts: Verdict[] = [];
  const observations: ProbeObservation[] = [];
  const obstacles = new Set<string>();
  if (functions.length === 0)
    return { verdict: 'cannot-tell', note: 'No closed function is named.', wouldTell: 'Name one with --function.' };
  if (examination.cacheIgnoresQuery)
    return { verdict: 'cannot-tell', note: 'A cache answers in place of the app. Nothing was sent.' };
  for (const examined of functions) {
    for (const forgery of forgeries) {
      const obstacle = findObstacle(examined, forgery.usesDenied);
      if (obstacle !== undefined) {
        obstacles.add(obstacle);
        verdicts.push('cannot-tell');
        continue;
      }
      const answer = await sendForgery(examination, examined, forgery);
      if (answer === undefined) {
        // Where there is no second request, nobody can forge in it.
        if (forgery.isSecond !== true) verdicts.push('cannot-tell');
        continue;
      }
      observations.push(observe(answer, forgery.sent, examined.index));
      if (classifyAnswer(answer) === 'admitted')
        return { verdict: 'fails', note: 'It was admitted.', observations, isForgedAdmission: true };
      const isDefinite = isRefused(answer, examined.baseline, forgery.usesDenied) && !mayBeForSize(answer, forgery);
      verdicts.push(isDefinite ? 'holds' : 'cannot-tell');
    }
  }
  const note = obstacles.size === 0 ? '' : `${capitalize([...obstacles].join('; '))}.`;
  return { verdict: combineVerdicts(verdicts), note, observations };
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
    if (classifyAnswer(baseline.allowed) !== 'admitted') continue;
    const answer = await examination.call(target, { certificate: examination.options.allowed });
    if (classifyAnswer(answer) !== 'admitted') return answer;
  }
  return undefined;
}
