import type { TlsVersion, WireAnswer } from '../../local/client/wire-request.js';
import { type Baseline, type Examination, findTellingFunction, isRefused } from '../examination.js';
import {
  type Judgement,
  type ProbeObservation,
  type Verdict,
  classifyAnswer,
  combineVerdicts,
  observe,
} from '../verdict.js';
import type { ProbeRequest } from '../probe-sender.js';
import { isRequired } from './baseline-probes.js';
import { type Forgery, findLapse, forge, forgeOwnFields, judgeForgeries, sendForgery } from './forgery-probes.js';

export const nothingTells: Judgement = {
  verdict: 'cannot-tell',
  note: 'Nothing was sent, since no function admits the allowed caller and refuses others.',
};

/** Front ends pass certificates on differently by TLS version: TLS 1.3 has no renegotiation (RFC 8446 §4.1.2). */
export function probeTlsVersion(examination: Examination, tlsVersion: TlsVersion): Promise<Judgement> {
  return probeProtocol(examination, { name: tlsVersion.replace('v', ' '), request: { tlsVersion }, isHttp2: false });
}

export function probeHttp2(examination: Examination): Promise<Judgement> {
  return probeProtocol(examination, { name: 'HTTP/2', request: {}, isHttp2: true });
}

interface Protocol {
  readonly name: string;
  readonly request: Pick<ProbeRequest, 'tlsVersion'>;
  readonly isHttp2: boolean;
}

/** On one function: how a protocol treats certificates does not depend on the function. */
async function probeProtocol(examination: Examination, { name, request, isHttp2 }: Protocol): Promise<Judgement> {
  const examined = findTellingFunction(examination);
  if (examined === undefined) return nothingTells;
  const send = (more: Omit<ProbeRequest, 'url'>): ReturnType<typeof sendForgery> =>
    sendForgery(examination, examined, { request: { ...request, ...more }, isHttp2 });
  const nobody = await send({});
  if (nobody === undefined || isVersionRefused(nobody)) return { verdict: 'not-run', note: `${name} is not offered.` };
  const allowed = await send({ certificate: examination.options.allowed });
  const observations: readonly ProbeObservation[] = [
    observe(nobody, 'no certificate', examined.index),
    ...(allowed === undefined ? [] : [observe(allowed, 'the allowed certificate', examined.index)]),
  ];
  const note = describeRequest(nobody, examined.baseline);
  const verdict = judgeProtocol(nobody, allowed, examined.baseline);
  // The allowed caller may have lost access since, whatever the protocol, or only for a moment.
  if (
    verdict === 'fails' &&
    ((await findLapse(examination)) !== undefined ||
      judgeProtocol(nobody, await send({ certificate: examination.options.allowed }), examined.baseline) !== 'fails')
  )
    return {
      verdict: 'cannot-tell',
      note: 'The allowed caller was refused for a time, whatever the protocol.',
      observations,
    };
  if (verdict === 'fails') return { verdict, note, observations };
  const forged = await judgeForgeries(
    examination,
    listForgeries(examination).map((forgery) => ({
      ...forgery,
      request: { ...request, ...forgery.request },
      isHttp2,
    })),
    [examined],
  );
  return {
    ...forged,
    verdict: forged.verdict === 'not-run' ? verdict : combineVerdicts([verdict, forged.verdict]),
    note: [note, forged.note].filter((text) => text !== '').join(' '),
    observations: [...observations, ...(forged.observations ?? [])],
  };
}

function listForgeries(examination: Examination): readonly Forgery[] {
  const fields = forgeOwnFields(examination);
  return [false, true].map((usesDenied) => forge(examination, 'a forged header', fields, usesDenied));
}

function describeRequest(nobody: WireAnswer, { denied }: Baseline): string {
  if (isRequired({ nobody, denied })) return 'It requires a certificate.';
  if (nobody.kind !== 'answered') return '';
  return nobody.tls?.requestsCertificate === true ? 'It asks for a certificate.' : 'It does not ask for a certificate.';
}

function judgeProtocol(nobody: WireAnswer, allowed: WireAnswer | undefined, baseline: Baseline): Verdict {
  if (classifyAnswer(nobody) === 'admitted') return 'fails';
  if (allowed === undefined) return 'cannot-tell';
  const outcome = classifyAnswer(allowed);
  // Elsewhere the same caller is admitted.
  if (outcome === 'refused') return 'fails';
  return outcome === 'admitted' && isRefused(nobody, baseline, false) ? 'holds' : 'cannot-tell';
}

export function isVersionRefused(answer: WireAnswer): boolean {
  return answer.kind === 'tls-refused' && /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/.test(answer.code);
}
