import type { WireAnswer } from '#local/client/wire-request.js';
import {
  type ProbeBaseline,
  type EarlierRequest,
  type ExaminedFunction,
  type Examination,
  type FunctionRequest,
  explainNothingSent,
  findObstacle,
  isRefused,
  showsAdmission,
} from '../examination.js';
import {
  type Judgement,
  type ProbeObservation,
  type Verdict,
  cannotTell,
  capitalize,
  combineVerdicts,
  createObservation,
} from '../verdict.js';

/** A request with which an unauthorized caller tries to get in, and the words in which a report may describe it. */
export interface Forgery {
  readonly sent: string;
  readonly request: FunctionRequest;
  /**
   * Whether the caller shows a certificate that is not allowed. The answer is then judged by what the denied caller got
   * at first.
   */
  readonly usesDenied: boolean;
  /** Default: false, for HTTP/1.1. */
  readonly isHttp2?: boolean;
  /** A request that is sent before, on the same connection or on another one. */
  readonly earlier?: EarlierRequest & { readonly isSameConnection: boolean };
}

/** How forgeries are judged. A probe gives its own rule if its forgeries may reach something else than the function. */
export interface ForgeryTrial<Sent extends Forgery> {
  readonly functions?: readonly ExaminedFunction[];
  readonly judge?: (examined: ExaminedFunction, forgery: Sent, answer: WireAnswer) => Verdict | Promise<Verdict>;
  readonly failure?: string;
}

/**
 * Sends the forgeries to every closed function, or to the functions of the trial. Stops at the first that is admitted,
 * except with `--any-server`. If refusals show nothing at a function, for example because it refuses the allowed caller
 * too, the verdict can't be `holds`.
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
  if (examination.cacheIgnoresQuery) return explainNothingSent(examination);
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
        // Without a second request on the connection, nothing can be forged in it.
        if (forgery.earlier === undefined) verdicts.push('cannot-tell');
        continue;
      }
      const { reader } = examined.baseline;
      const observation = createObservation(answer, forgery.sent, examined.index, reader);
      const verdict = await judge(examined, forgery, answer);
      const doubt = verdict === 'fails' ? await findDoubt(examination, examined, forgery, judge) : undefined;
      if (doubt !== undefined) obstacles.add(doubt);
      verdicts.push(doubt === undefined ? verdict : 'cannot-tell');
      const isAdmitted = verdict === 'fails' && doubt === undefined;
      const isUndecided = reader.isByLikeness === true && !isAdmitted && observation.outcome === 'admitted';
      observations.push(isUndecided ? { ...observation, outcome: 'undecided' } : observation);
      if (isAdmitted && reader.isByLikeness !== true)
        return {
          ...describeAdmission(failure, observations),
          ...(await findOtherCause(examination, examined, forgery)),
        };
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
 * Sends an ordinary request of the same caller, who was refused at first. If it is admitted now, the forgery was not
 * the cause.
 */
async function findOtherCause(
  examination: Examination,
  { target, baseline }: ExaminedFunction,
  { usesDenied }: Forgery,
): Promise<Pick<Judgement, 'cause'>> {
  const certificate = usesDenied ? { certificate: examination.options.denied } : {};
  const answer = await examination.call(target, certificate);
  if (baseline.reader.classify(answer) !== 'admitted') return {};
  const who = usesDenied ? 'with the denied certificate' : 'without a certificate';
  return {
    cause: {
      failure: `A caller ${who}, refused at first, now gets in with an ordinary request too: something changed during the run.`,
      remedy: 'Find out what: a new configuration, or a limit of calls after which the app does not decide.',
    },
  };
}

/**
 * Rules out an accident with an unknown server: the forgery must get in again, and a caller without a certificate must
 * get the same answer as at first. If the allowed caller is not admitted, the same fields with garbled values must be
 * refused too, because a firewall's page comes whatever the values are.
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
  // The garbled value has the same length and characters, but no meaning.
  const garbled = fields.map(
    ([name, value]) => [name, Buffer.from(value, 'latin1').reverse().toString('latin1')] as const,
  );
  const control = await sendForgery(examination, examined, {
    ...forgery,
    request: { ...forgery.request, fields: garbled },
  });
  return control !== undefined && reader.classify(control) === 'refused'
    ? undefined
    : 'the same fields with other values were not refused either';
}

export function judgeForged({ baseline }: ExaminedFunction, forgery: Forgery, answer: WireAnswer): Verdict {
  if (baseline.reader.classify(answer) === 'admitted') return 'fails';
  const isDoubtful = mayBeForSize(answer, forgery) || isOddRefusal(answer, baseline, forgery);
  return isRefused(answer, baseline, forgery.usesDenied) && !isDoubtful ? 'holds' : 'cannot-tell';
}

/**
 * Whether an unknown server refuses an ordinarily formed request in other words than at first. Then something on the
 * way may reject the fields, which shows nothing about the caller.
 */
function isOddRefusal(answer: WireAnswer, { reader }: ProbeBaseline, { request, isHttp2 }: Forgery): boolean {
  const { fields = [], method, httpVersion, query } = request;
  if (answer.kind !== 'answered' || fields.length === 0) return false;
  const isUsual =
    (method ?? httpVersion ?? isHttp2 ?? query) === undefined &&
    fields.every(([name]) => /^[\w.-]+$/.test(name) && name.toLowerCase() !== 'upgrade');
  return isUsual && reader.isKnownRefusal?.(answer) === false;
}

/** Some servers answer 400 to 8 KB of header fields, whatever these contain. */
function mayBeForSize(answer: WireAnswer, { request: { fields = [] } }: Forgery): boolean {
  const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return answer.kind === 'answered' && answer.status === 400 && size > 7000;
}

/**
 * Sends the forgery, after the earlier request if it has one. Undefined if the forgery needs HTTP/2 or a second request
 * on the same connection, and the server does not offer HTTP/2, or did not answer the second request.
 */
export async function sendForgery(
  examination: Examination,
  { target }: ExaminedFunction,
  { request, isHttp2, earlier }: Pick<Forgery, 'request' | 'isHttp2' | 'earlier'>,
): Promise<WireAnswer | undefined> {
  if (earlier?.isSameConnection === true) return examination.callSecond(target, request, earlier);
  if (earlier !== undefined) await examination.call(earlier.target, earlier.request);
  return isHttp2 === true ? examination.callOverHttp2(target, request) : examination.call(target, request);
}

/**
 * The answer to the allowed caller at the first function that admitted it at first and no longer does, because the
 * trust document changed or a firewall refuses this machine. Undefined if it is still admitted everywhere.
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
