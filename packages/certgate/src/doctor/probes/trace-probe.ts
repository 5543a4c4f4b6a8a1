import { secretHeaderName } from '@certgate/core/internal';
import { type Examination, findObstacle, findTellingFunction, isRefused } from '../examination.js';
import { nothingTells } from './protocol-probes.js';
import {
  type Judgement,
  type ProbeObservation,
  type Verdict,
  classifyAnswer,
  combineVerdicts,
  observe,
} from '../verdict.js';

/** What answers TRACE repeats the request that it got, with what the front end added (RFC 9110 §9.3.8). */
export async function probeTrace(examination: Examination): Promise<Judgement> {
  const examined = findTellingFunction(examination);
  if (examined === undefined) return nothingTells;
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
    observations.push(observe(answer, `TRACE with Max-Forwards: 0, ${who}`, examined.index));
    if (classifyAnswer(answer) === 'admitted' && answer.kind === 'answered') {
      verdicts.push('fails');
      if (answer.body.toString('latin1').toLowerCase().includes(secretHeaderName))
        note = "The answer contains the front end's secret: change it.";
    } else verdicts.push(isRefused(answer, examined.baseline, usesDenied) ? 'holds' : 'cannot-tell');
  }
  return { verdict: combineVerdicts(verdicts), note, observations };
}
