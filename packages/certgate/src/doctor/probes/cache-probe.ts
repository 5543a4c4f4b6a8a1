import { type Examination, findObstacle, isRefused, newQuery } from '../examination.js';
import {
  type Judgement,
  type ProbeObservation,
  type Verdict,
  classifyAnswer,
  combineVerdicts,
  observe,
} from '../verdict.js';

/** Before any forgery: a cached answer would pass for a forged admission. */
export async function probeCachedAnswer(examination: Examination): Promise<Judgement> {
  const { allowed } = examination.options;
  const verdicts: Verdict[] = [];
  const observations: ProbeObservation[] = [];
  for (const examined of examination.closedFunctions) {
    if (findObstacle(examined, false) !== undefined) {
      verdicts.push('cannot-tell');
      continue;
    }
    const { index, target, baseline } = examined;
    for (const [sent, query, later] of [
      ['the same query', newQuery(), undefined],
      ['another query', newQuery(), newQuery()],
      ['no query', '', undefined],
    ] as const) {
      const first = await examination.call(target, { certificate: allowed }, query);
      const answer = await examination.call(target, {}, later ?? query);
      // Asked again, so that what is new in every refusal can be told from what is about the caller.
      examination.noteRefusal(index, 'nobody', answer);
      observations.push(observe(answer, `no certificate, after the allowed caller, with ${sent}`, index));
      const outcome = classifyAnswer(answer);
      if (outcome === 'admitted') {
        if (later !== undefined) examination.cacheIgnoresQuery = true;
        verdicts.push('fails');
        continue;
      }
      verdicts.push(
        isRefused(answer, baseline, false) && classifyAnswer(first) === 'admitted' ? 'holds' : 'cannot-tell',
      );
    }
  }
  return { verdict: combineVerdicts(verdicts), note: '', observations };
}
