import { X509Certificate } from 'node:crypto';
import { problemTypePrefix } from '@certgate/core/internal';
import { inspectServerCertificate } from '#local/client/server-certificate.js';
import type { WireAnswer } from '#local/client/wire-request.js';
import {
  type ProbeBaseline,
  type ProbeCaller,
  type ExaminedFunction,
  type Examination,
  isRefusedAtFirst,
  observeBaseline,
  type ProbeRuns,
} from '../examination.js';
import { createLikenessReader } from '../likeness.js';
import { timeIsUp } from '../probe-sender.js';
import {
  type Judgement,
  type Verdict,
  byStatus,
  cannotTell,
  capitalize,
  classifyAnswer,
  combineVerdicts,
  describeWireAnswer,
  createObservation,
} from '../verdict.js';

const dayMilliseconds = 86_400_000;

/**
 * Runs before all other probes. They send a certificate or forgery, or call a function over TLS, only if this server's
 * certificate is trusted.
 */
async function probeServerCertificate(examination: Examination): Promise<Judgement> {
  const { target, denied, caPem } = examination.options;
  const inspect = async (certificate?: typeof denied): ReturnType<typeof inspectServerCertificate> => {
    await examination.sender.takeTurn();
    return inspectServerCertificate({
      url: target.origin,
      timeoutMilliseconds: examination.sender.timeoutMilliseconds,
      ...(caPem === undefined ? {} : { caPem }),
      ...(certificate === undefined ? {} : { certificate }),
    });
  };
  const first = await inspect();
  // Some servers complete no handshake without a certificate. The denied certificate may be shown to any server.
  const inspected = first.kind === 'tls-refused' ? await inspect(denied) : first;
  if (inspected.kind !== 'inspected') {
    const fault = describeWireAnswer(inspected);
    if (inspected.kind === 'unreachable') examination.unreachable = `${capitalize(fault)}: nothing was sent.`;
    return cannotTell(examination.unreachable ?? `There was no TLS handshake: ${fault}.`);
  }
  if (inspected.fault !== undefined) {
    const code = /^[A-Z_]+$/.test(inspected.fault) ? inspected.fault : 'unknown reason';
    return {
      verdict: 'fails',
      note: `It is not trusted (${code}). The allowed certificate was not sent.`,
      detail: inspected.fault,
    };
  }
  examination.isServerTrusted = true;
  return { verdict: 'holds', note: describeEnd(inspected.notAfter) };
}

/**
 * Sends the first requests of each caller. At each function the allowed caller comes last, so that no cache has its
 * answer when the others call.
 */
export async function measureBaselines(examination: Examination): Promise<void> {
  const { denied, allowed, target } = examination.options;
  const found: ExaminedFunction[] = [];
  // A second call shows which parts of an answer change from call to call.
  const rounds = examination.options.isAnyServer === true ? 2 : 1;
  for (const [index, closed] of target.closed.entries()) {
    // One closed connection may be an accident. A server that refuses by closing does it again.
    const call = async (request: { readonly certificate?: typeof denied }): Promise<WireAnswer> => {
      const answer = await examination.call(closed, request);
      return answer.kind === 'closed' ? examination.call(closed, request) : answer;
    };
    const samples = { nobody: [], denied: [], allowed: [] } as Record<ProbeCaller, WireAnswer[]>;
    while (samples.denied.length < rounds) {
      samples.nobody.push(await call({}));
      samples.denied.push(await call({ certificate: denied }));
    }
    while (samples.allowed.length < rounds) samples.allowed.push(await call({ certificate: allowed }));
    for (const caller of ['nobody', 'denied'] as const)
      for (const answer of samples[caller]) examination.noteRefusal(index, caller, answer);
    const [nobody, refused, admitted] = [samples.nobody[0], samples.denied[0], samples.allowed[0]];
    if (nobody === undefined || refused === undefined || admitted === undefined) throw new Error('nothing was sent');
    const reader =
      examination.options.isAnyServer === true ? createLikenessReader(samples, [allowed.der, denied.der]) : byStatus;
    found.push({ index, target: closed, baseline: { nobody, denied: refused, allowed: admitted, reader } });
  }
  examination.closedFunctions = found;
}

const noFunction = cannotTell(
  'No closed function is named.',
  'Name the functions that must be closed with --function.',
);

/** Judges what one caller got at first at each closed function. */
function judgeCaller(
  { closedFunctions }: Examination,
  caller: ProbeCaller,
  judge: (baseline: ProbeBaseline) => Verdict,
): Judgement {
  if (closedFunctions.length === 0) return noFunction;
  const verdict = combineVerdicts(closedFunctions.map(({ baseline }) => judge(baseline)));
  const note = caller !== 'nobody' && closedFunctions.some(isSwapped) ? swapNote : '';
  return { verdict, note, observations: observeBaseline(closedFunctions, caller) };
}

function judgeNoCertificate(examination: Examination): Judgement {
  return judgeCaller(examination, 'nobody', (baseline) => {
    const { classify, isByLikeness } = baseline.reader;
    // An answer that both the denied caller and callers without a certificate get may be a page for everybody, such as
    // a sign-in page.
    if (isByLikeness === true && classify(baseline.denied) === 'admitted') return 'cannot-tell';
    if (classify(baseline.nobody) === 'admitted') return 'fails';
    return isRefusedAtFirst(baseline, 'nobody') ? 'holds' : 'cannot-tell';
  });
}

function judgeDeniedCertificate(examination: Examination): Judgement {
  return judgeCaller(examination, 'denied', (baseline) => {
    const { classify } = baseline.reader;
    if (classify(baseline.nobody) === 'admitted') return 'cannot-tell';
    if (classify(baseline.denied) === 'admitted') return 'fails';
    return isRefusedAtFirst(baseline, 'denied') ? 'holds' : 'cannot-tell';
  });
}

function judgeAllowedCertificate(examination: Examination): Judgement {
  const { closedFunctions } = examination;
  const judgement = judgeCaller(examination, 'allowed', (baseline) => {
    const { allowed, reader } = baseline;
    if (reader.isByLikeness === true) return distinguishesCallers(baseline) ? 'holds' : 'cannot-tell';
    if (classifyAnswer(allowed) === 'admitted') return 'holds';
    return allowed.kind === 'timed-out' ? 'cannot-tell' : 'fails';
  });
  const locations = closedFunctions.flatMap(({ baseline }) => findLocation(baseline.allowed));
  const isSlow = closedFunctions.some(
    ({ baseline: { allowed } }) => allowed.kind === 'timed-out' && allowed !== timeIsUp,
  );
  const obstacles = new Set(closedFunctions.flatMap(({ baseline }) => baseline.reader.obstacle ?? []));
  const notes = [
    judgement.note,
    ...[...obstacles].map((obstacle) => `${capitalize(obstacle)}.`),
    closedFunctions.some(isAbsent) ? absenceNote : '',
    isSlow ? 'No complete answer arrived in time: the function may be slow, or never end its answer.' : '',
    locations.length === 0 ? '' : 'A redirect was not followed.',
  ];
  return {
    ...judgement,
    note: notes.filter((text) => text !== '').join(' '),
    ...(isSlow ? { wouldTell: 'A function that completes its answer sooner, or a longer --timeout.' } : {}),
    ...(locations.length === 0 ? {} : { detail: `Location: ${locations.join(', ')}` }),
  };
}

const swapNote = 'The denied certificate is admitted and the allowed one is not: are --allowed and --denied swapped?';

/** Whether the allowed caller is admitted and the others are not. Used with `--any-server`. */
function distinguishesCallers({ nobody, denied, allowed, reader: { classify } }: ProbeBaseline): boolean {
  return classify(allowed) === 'admitted' && classify(nobody) !== 'admitted' && classify(denied) !== 'admitted';
}

function isSwapped({ baseline }: ExaminedFunction): boolean {
  const { nobody, denied, allowed, reader } = baseline;
  const isClosed =
    reader.isByLikeness === true ? classifyAnswer(nobody) === 'refused' : isRefusedAtFirst(baseline, 'nobody');
  return isClosed && classifyAnswer(denied) === 'admitted' && classifyAnswer(allowed) === 'refused';
}

const absenceNote =
  'Everybody whom the front end lets through gets 404: there is no such function, or it answers every call like that. Check its name, the route prefix of host.json, and --request.';

function isAbsent({ baseline: { nobody, denied, allowed } }: ExaminedFunction): boolean {
  const isNotFound = (answer: WireAnswer): boolean => answer.kind === 'answered' && answer.status === 404;
  return isNotFound(allowed) && isNotFound(denied) && (isNotFound(nobody) || isByFrontEnd(nobody));
}

function findLocation(answer: WireAnswer): readonly string[] {
  if (answer.kind !== 'answered' || classifyAnswer(answer) !== 'redirected') return [];
  // The query is removed because it may repeat a function key from our request.
  return answer.fields.filter(([name]) => name === 'location').map(([, value]) => value.replace(/\?.*$/s, '?…'));
}

/**
 * Checks that public functions answer callers without a certificate. In mode Required the front end refuses those, so
 * an answer to the denied certificate is enough.
 */
async function probePublicFunctions(examination: Examination): Promise<Judgement> {
  const { target, denied } = examination.options;
  if (target.public.length === 0) return { verdict: 'not-run', note: 'No --public-function is named.' };
  const verdicts: Verdict[] = [];
  const observations = [];
  for (const [position, open] of target.public.entries()) {
    const index = target.closed.length + position;
    const nobody = await examination.call(open, {});
    const withCertificate = await examination.call(open, { certificate: denied });
    observations.push(
      createObservation(nobody, 'no certificate', index),
      createObservation(withCertificate, 'the denied certificate', index),
    );
    const outcome = classifyAnswer(nobody);
    if (outcome === 'admitted') verdicts.push('holds');
    else if (classifyAnswer(withCertificate) === 'admitted' && isByFrontEnd(nobody)) verdicts.push('holds');
    else verdicts.push(outcome === 'refused' ? 'fails' : 'cannot-tell');
  }
  return { verdict: combineVerdicts(verdicts), note: '', observations };
}

/**
 * Whether a refusal came from the front end: a TLS alert, a closed connection, or a 403 without Certgate's problem
 * type. App Service answers 403 in mode Required.
 */
function isByFrontEnd(answer: WireAnswer): boolean {
  if (answer.kind === 'tls-refused' || answer.kind === 'closed') return true;
  return answer.kind === 'answered' && answer.status === 403 && !answer.body.includes(problemTypePrefix);
}

/**
 * Whether the front end requires a certificate: it refuses callers without one, and lets the denied certificate
 * through. An HTTP refusal of an unknown server does not prove that, because the app may have sent it.
 */
export function isRequired({ nobody, denied, reader }: Omit<ProbeBaseline, 'allowed'>): boolean {
  if (reader.isByLikeness === true && nobody.kind === 'answered') return false;
  return isByFrontEnd(nobody) && !isByFrontEnd(denied);
}

function judgeMode({ answers, closedFunctions, options }: Examination): Judgement {
  const handshakes = answers.flatMap((answer) =>
    answer.kind === 'answered' && answer.tls !== undefined ? [answer.tls.requestsCertificate] : [],
  );
  const refusedInTls = closedFunctions.some(
    ({ baseline }) => baseline.nobody.kind === 'tls-refused' && isRefusedAtFirst(baseline, 'nobody'),
  );
  if (handshakes.length === 0 && !refusedInTls) return cannotTell('No request was answered.');
  const isAnyServer = options.isAnyServer === true;
  if (!handshakes.includes(true) && !refusedInTls) {
    if (isAnyServer)
      return cannotTell(
        'No handshake asked for a certificate: this server tells callers apart by something else, or not at all.',
        'The address at which callers show their certificates.',
      );
    return { verdict: 'fails', note: 'No handshake asked for a certificate.' };
  }
  const requires =
    refusedInTls || (closedFunctions.length > 0 && closedFunctions.every(({ baseline }) => isRequired(baseline)));
  if (isAnyServer)
    return { verdict: 'holds', note: requires ? 'It asks, and ends handshakes without one.' : 'It asks.' };
  if (requires)
    return { verdict: 'holds', note: 'It asks, and refuses callers without one before the app (mode Required).' };
  const reachesApp = closedFunctions.some(({ baseline: { nobody } }) => !isByFrontEnd(nobody));
  return {
    verdict: 'holds',
    note: reachesApp ? 'It asks, and lets requests without one reach the app (mode Optional).' : 'It asks.',
  };
}

/** `notAfter` is in milliseconds since 1970-01-01T00:00:00Z. */
function describeEnd(notAfter: number): string {
  const days = Math.floor((notAfter - Date.now()) / dayMilliseconds);
  if (days < 0) return days === -1 ? 'It ended within the last day.' : `It ended ${-days} days ago.`;
  const when = days === 0 ? 'within a day' : days === 1 ? 'in 1 day' : `in ${days} days`;
  return days < 30 ? `It ends ${when}: renew it.` : `It ends ${when}.`;
}

function judgeAllowedExpiry({ options }: Examination): Judgement {
  const { validFrom, validTo } = new X509Certificate(options.allowed.der);
  const now = Date.now();
  if (Date.parse(validFrom) > now) return { verdict: 'fails', note: 'It is not valid yet.' };
  const notAfter = Date.parse(validTo);
  if (Number.isNaN(notAfter)) return cannotTell('Its dates cannot be read.');
  return { verdict: notAfter < now ? 'fails' : 'holds', note: describeEnd(notAfter) };
}

/** Certgate assumes that clocks are right to within minutes. */
const maximumSkewMilliseconds = 5 * 60_000;

function judgeClock({ sender }: Examination): Judgement {
  const offset = sender.clockOffset;
  if (offset === undefined) return cannotTell('None of the answers that were looked at has a valid Date field.');
  const seconds = Math.round(Math.abs(offset) / 1000);
  const side = offset < 0 ? 'behind' : 'ahead';
  const note = seconds <= 2 ? 'They agree.' : `The server's is ${seconds} s ${side}.`;
  return { verdict: Math.abs(offset) > maximumSkewMilliseconds ? 'fails' : 'holds', note };
}

export const baselineProbes: ProbeRuns<
  | 'server-certificate'
  | 'no-certificate'
  | 'denied-certificate'
  | 'allowed-certificate'
  | 'public-function'
  | 'client-certificate-mode'
  | 'allowed-certificate-expiry'
  | 'clock'
> = {
  'server-certificate': probeServerCertificate,
  'no-certificate': judgeNoCertificate,
  'denied-certificate': judgeDeniedCertificate,
  'allowed-certificate': judgeAllowedCertificate,
  'public-function': probePublicFunctions,
  'client-certificate-mode': judgeMode,
  'allowed-certificate-expiry': judgeAllowedExpiry,
  clock: judgeClock,
};
