import { problemTypePrefix } from '@certgate/core/internal';
import type { WireAnswer } from '#local/client/wire-request.js';
import type { Answered } from '../likeness.js';
import { type Examination, type ProbeRuns, explainNothingSent, findTellingFunction } from '../examination.js';
import {
  type AnswerReader,
  type Judgement,
  byStatus,
  cannotTell,
  classifyAnswer,
  createObservation,
} from '../verdict.js';
import { findScmOrigin, functionUrl } from '../target.js';

/** Sends nothing of a certificate, because anybody on the way can read plain HTTP. */
async function probePlainHttp(examination: Examination): Promise<Judgement> {
  const { target, plainHttpUrl } = examination.options;
  const [first] = [...target.closed, ...target.public];
  const path = first === undefined ? '/' : functionUrl(target, first).pathname;
  const answer = await examination.sender.send({ url: new URL(path, plainHttpUrl) });
  const observations = [createObservation(answer, 'plain HTTP, no certificate')];
  if (answer.kind === 'timed-out') return { verdict: 'cannot-tell', note: '', observations };
  if (answer.kind === 'unreachable') {
    const isRefused = answer.code === 'ECONNREFUSED';
    return { verdict: isRefused ? 'holds' : 'cannot-tell', note: '', observations };
  }
  if (answer.kind !== 'answered') return { verdict: 'holds', note: 'No HTTP server answers there.', observations };
  if (classifyAnswer(answer) === 'redirected') {
    const location = answer.fields.find(([name]) => name === 'location')?.[1] ?? '';
    return /^https:\/\//i.test(location)
      ? { verdict: 'holds', note: 'It redirects to https.', observations }
      : { ...cannotTell('It redirects, but not to https.'), observations, detail: `Location: ${location}` };
  }
  // nginx and Go answer 400 to plain HTTP on their TLS port.
  if (answer.status === 400 && plainHttpUrl.port === target.origin.port)
    return { verdict: 'holds', note: 'The TLS port refuses plain HTTP.', observations };
  if (reachesApp(answer, examination.closedFunctions[0]?.baseline.reader))
    return { verdict: 'fails', note: 'The app answers.', observations };
  return { verdict: 'cannot-tell', note: 'Something answers, and does not redirect.', observations };
}

/**
 * Whether the app itself answers, and not another server on that port. With an unknown server (`--any-server`), a 2xx
 * or a 401 must look like the app's.
 */
function reachesApp(answer: Answered, reader: AnswerReader = byStatus): boolean {
  const isRefusal = answer.status === 401 && (reader.isByLikeness !== true || reader.classify(answer) === 'refused');
  return reader.classify(answer) === 'admitted' || answer.body.includes(problemTypePrefix) || isRefusal;
}

/**
 * The SCM site's answer is reported because Azure does not document whether the client certificate mode covers the
 * site.
 */
async function probeScmSite(examination: Examination): Promise<Judgement> {
  const origin = findScmOrigin(examination.target);
  if (origin === undefined) {
    return {
      verdict: 'not-run',
      note: 'The address of the SCM site is known only for NAME.azurewebsites.net. If the app has that name too, run doctor with it.',
    };
  }
  return judgeScmAnswer(await examination.sender.send({ url: origin }));
}

export function judgeScmAnswer(answer: WireAnswer): Judgement {
  const observations = [createObservation(answer, 'the SCM site, no certificate')];
  switch (classifyAnswer(answer)) {
    case 'admitted':
      return { verdict: 'fails', note: 'It answers without a sign-in.', observations };
    case 'redirected':
      return { verdict: 'holds', note: 'It can be reached from here, and asks for a sign-in.', observations };
    case 'refused':
      return { verdict: 'holds', note: 'It can be reached from here, and refuses.', observations };
    case 'undecided':
      return { verdict: 'cannot-tell', note: '', observations };
  }
}

/** App Service gives up on bodies above 100 KB if it asks for the certificate only after the request's head. */
async function probeLargeBody(examination: Examination): Promise<Judgement> {
  const { withLargeBody, allowed } = examination.options;
  if (!withLargeBody) return { verdict: 'not-run', note: 'It sends a POST: only with --with-large-body.' };
  const examined = findTellingFunction(examination);
  if (examined === undefined) return explainNothingSent(examination);
  const post = (length: number): ReturnType<Examination['call']> =>
    examination.call(examined.target, { method: 'POST', certificate: allowed, body: Buffer.alloc(length, 'x') });
  const small = await post(1);
  if (classifyAnswer(small) !== 'admitted') {
    const observations = [createObservation(small, 'a POST of 1 byte', examined.index)];
    return { verdict: 'cannot-tell', note: 'The small POST is not admitted.', observations };
  }
  const large = await post(131_072);
  const observations = [
    createObservation(small, 'a POST of 1 byte', examined.index),
    createObservation(large, 'a POST of 128 KiB', examined.index),
  ];
  const outcome = classifyAnswer(large);
  if (outcome === 'admitted') return { verdict: 'holds', note: '', observations };
  return {
    verdict: outcome === 'refused' || large.kind === 'closed' ? 'fails' : 'cannot-tell',
    note: '',
    observations,
  };
}

export const surroundingsProbes: ProbeRuns<'plain-http' | 'scm-site' | 'large-body'> = {
  'plain-http': probePlainHttp,
  'scm-site': probeScmSite,
  'large-body': probeLargeBody,
};
