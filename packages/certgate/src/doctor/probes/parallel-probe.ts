import {
  type Examination,
  type FunctionRequest,
  type ProbeRuns,
  explainNothingSent,
  findObstacle,
  findTellingFunction,
} from '../examination.js';
import { type Judgement, type ProbeObservation, type Verdict, combineVerdicts, createObservation } from '../verdict.js';
import { type Forgery, judgeForged } from './judge-forgeries.js';

/** How many requests doctor sends at once at most. */
const atOnce = 8;
const rounds = 2;

/**
 * Tests whether callers get in when many call at once, because of something that requests share or of a limit under
 * load.
 */
async function probeParallel(examination: Examination): Promise<Judgement> {
  const examined = findTellingFunction(examination);
  if (examined === undefined) return explainNothingSent(examination);
  const { index, target, baseline } = examined;
  const { allowed, denied } = examination.options;
  const strangers: readonly Forgery[] = [
    { sent: 'no certificate', request: {}, usesDenied: false },
    ...(findObstacle(examined, true) === undefined
      ? [{ sent: 'the denied certificate', request: { certificate: denied }, usesDenied: true }]
      : []),
  ];
  // Every fourth request is the allowed caller's.
  const callers = Array.from({ length: atOnce }, (_, position) =>
    position % 4 === 3 ? undefined : strangers[position % strangers.length],
  );
  const verdicts: Verdict[] = [];
  const observations: ProbeObservation[] = [];
  let admissions = 0;
  for (let round = 0; round < rounds; round += 1) {
    const requests = callers.map((caller): FunctionRequest => caller?.request ?? { certificate: allowed });
    const answers = await examination.callParallel(target, requests);
    for (const [position, answer] of answers.entries()) {
      const caller = callers[position];
      if (caller === undefined) continue;
      const verdict = judgeForged(examined, caller, answer);
      if (verdict === 'fails') admissions += 1;
      verdicts.push(verdict);
      observations.push(createObservation(answer, `${caller.sent}, in parallel`, index, baseline.reader));
    }
  }
  // With an unknown server, a single admission may be an accident. It must happen again.
  const isAccident = baseline.reader.isByLikeness === true && admissions === 1;
  const verdict = isAccident ? 'cannot-tell' : combineVerdicts(verdicts);
  const isForgedAdmission = verdict === 'fails' ? { isForgedAdmission: true } : {};
  return { verdict, note: isAccident ? 'One got in once.' : '', observations, ...isForgedAdmission };
}

export const parallelProbes: ProbeRuns<'parallel'> = { parallel: probeParallel };
