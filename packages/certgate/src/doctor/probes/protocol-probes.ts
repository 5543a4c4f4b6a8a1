import { secretHeaderName } from '@certgate/core/internal';
import { isAddress, type TlsVersion, type WireAnswer } from '#local/client/wire-request.js';
import {
  type ProbeBaseline,
  type Examination,
  type FunctionRequest,
  type ProbeRuns,
  explainNothingSent,
  findObstacle,
  findTellingFunction,
  isRefused,
} from '../examination.js';
import {
  type Judgement,
  type ProbeObservation,
  type Verdict,
  byStatus,
  cannotTell,
  combineVerdicts,
  createObservation,
} from '../verdict.js';
import { isRequired } from './baseline-probes.js';
import { forgeWithAndWithoutDenied, forgeOwnFields } from './forgery-probes.js';
import { findLapse, judgeForgeries, sendForgery } from './judge-forgeries.js';
import { listForgeries } from './variant-probes.js';

export const protocolProbes: ProbeRuns<'trace' | 'no-server-name' | 'tls-1.2' | 'tls-1.3' | 'http-2'> = {
  trace: probeTrace,
  'no-server-name': probeNoServerName,
  // Front ends may pass certificates on differently in TLS 1.2 and 1.3, because TLS 1.3 has no renegotiation (RFC 8446
  // §4.1.2).
  'tls-1.2': (examination) => probeTlsVersion(examination, 'TLSv1.2'),
  'tls-1.3': (examination) => probeTlsVersion(examination, 'TLSv1.3'),
  'http-2': (examination) => probeProtocol(examination, { name: 'HTTP/2', request: {}, isHttp2: true }),
};

function probeTlsVersion(examination: Examination, tlsVersion: TlsVersion): Promise<Judgement> {
  return probeProtocol(examination, { name: tlsVersion.replace('v', ' '), request: { tlsVersion }, isHttp2: false });
}

/** Tests a handshake without SNI, for which a front end may use another configuration. */
async function probeNoServerName(examination: Examination): Promise<Judgement> {
  const { origin } = examination.target;
  if (isAddress(origin)) return { verdict: 'not-run', note: 'The address of the app has no name.' };
  const examined = findTellingFunction(examination);
  if (examined === undefined) return explainNothingSent(examination);
  const change = { hasNoServerName: true } as const;
  const forgeries = listForgeries(examination, { sent: 'without SNI', change });
  const judgement = await judgeForgeries(examination, forgeries, { functions: [examined] });
  const allowed = await examination.call(examined.target, { ...change, certificate: examination.options.allowed });
  if (judgement.verdict === 'fails' || examined.baseline.reader.classify(allowed) === 'admitted') return judgement;
  return { verdict: 'not-run', note: 'Without SNI this server admits nobody.' };
}

interface Protocol {
  readonly name: string;
  readonly request: Pick<FunctionRequest, 'tlsVersion'>;
  readonly isHttp2: boolean;
}

/**
 * Tests one function only, because a front end usually treats the certificates of a protocol alike for all functions.
 */
async function probeProtocol(examination: Examination, { name, request, isHttp2 }: Protocol): Promise<Judgement> {
  const examined = findTellingFunction(examination);
  if (examined === undefined) return explainNothingSent(examination);
  const { reader } = examined.baseline;
  const send = (more: FunctionRequest): ReturnType<typeof sendForgery> =>
    sendForgery(examination, examined, { request: { ...request, ...more }, isHttp2 });
  const nobody = await send({});
  if (nobody === undefined || isVersionRefused(nobody)) return { verdict: 'not-run', note: `${name} is not offered.` };
  const allowed = await send({ certificate: examination.options.allowed });
  const observations: readonly ProbeObservation[] = [
    createObservation(nobody, 'no certificate', examined.index, reader),
    ...(allowed === undefined ? [] : [createObservation(allowed, 'the allowed certificate', examined.index, reader)]),
  ];
  const note = describeRequest(nobody, examined.baseline);
  const verdict = judgeProtocol(nobody, allowed, examined.baseline);
  // The failure may have another cause than the protocol: the allowed caller may have lost access since, or for a
  // moment.
  if (
    verdict === 'fails' &&
    ((await findLapse(examination)) !== undefined ||
      judgeProtocol(nobody, await send({ certificate: examination.options.allowed }), examined.baseline) !== 'fails')
  )
    return { ...cannotTell('The allowed caller was refused for a time, whatever the protocol.'), observations };
  if (verdict === 'fails' || examination.admitsForgedHeader) return { verdict, note, observations };
  const forged = await judgeForgeries(
    examination,
    forgeWithAndWithoutDenied(examination, 'a forged header', forgeOwnFields(examination)).map((forgery) => ({
      ...forgery,
      request: { ...request, ...forgery.request },
      isHttp2,
    })),
    { functions: [examined] },
  );
  return {
    ...forged,
    verdict: forged.verdict === 'not-run' ? verdict : combineVerdicts([verdict, forged.verdict]),
    note: [note, forged.note].filter((text) => text !== '').join(' '),
    observations: [...observations, ...(forged.observations ?? [])],
  };
}

function describeRequest(nobody: WireAnswer, baseline: ProbeBaseline): string {
  if (isRequired({ ...baseline, nobody })) return 'It requires a certificate.';
  if (nobody.kind !== 'answered') return '';
  return nobody.tls?.requestsCertificate === true ? 'It asks for a certificate.' : 'It does not ask for a certificate.';
}

function judgeProtocol(nobody: WireAnswer, allowed: WireAnswer | undefined, baseline: ProbeBaseline): Verdict {
  const { classify } = baseline.reader;
  if (classify(nobody) === 'admitted') return 'fails';
  if (allowed === undefined) return 'cannot-tell';
  const outcome = classify(allowed);
  // The baseline admits the same caller.
  if (outcome === 'refused') return 'fails';
  return outcome === 'admitted' && isRefused(nobody, baseline, false) ? 'holds' : 'cannot-tell';
}

export function isVersionRefused(answer: WireAnswer): boolean {
  return answer.kind === 'tls-refused' && /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/.test(answer.code);
}

/**
 * Tests TRACE. A server that answers it repeats the request with the fields that the front end added (RFC 9110 §9.3.8).
 */
async function probeTrace(examination: Examination): Promise<Judgement> {
  const examined = findTellingFunction(examination);
  if (examined === undefined) return explainNothingSent(examination);
  const verdicts: Verdict[] = [];
  const observations: ProbeObservation[] = [];
  let note = '';
  for (const usesDenied of [false, true]) {
    if (findObstacle(examined, usesDenied) !== undefined) {
      verdicts.push('cannot-tell');
      continue;
    }
    const answer = await examination.call(examined.target, {
      method: 'TRACE',
      fields: [['Max-Forwards', '0']],
      ...(usesDenied ? { certificate: examination.options.denied } : {}),
    });
    const who = usesDenied ? 'the denied certificate' : 'no certificate';
    const { reader } = examined.baseline;
    observations.push(createObservation(answer, `TRACE with Max-Forwards: 0, ${who}`, examined.index, reader));
    const isAnswered = answer.kind === 'answered' && byStatus.classify(answer) === 'admitted';
    if (isAnswered && (reader.classify(answer) === 'admitted' || /^max-forwards\b/im.test(answer.body.toString()))) {
      verdicts.push('fails');
      if (answer.body.toString('latin1').toLowerCase().includes(secretHeaderName))
        note = "The answer contains the front end's secret: change it.";
    } else verdicts.push(isRefused(answer, examined.baseline, usesDenied) ? 'holds' : 'cannot-tell');
  }
  return { verdict: combineVerdicts(verdicts), note, observations };
}
