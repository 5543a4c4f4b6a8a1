import { denialCodes, problemTypePrefix } from '@certgate/core/internal';
import {
  type Examination,
  type FunctionRequest,
  type ProbeRuns,
  type SeenRefusal,
  findObstacle,
  isRefused,
  browser,
  newQuery,
} from '../examination.js';
import { normalize } from '../likeness.js';
import { hideQueryValues } from '../target.js';
import {
  type Judgement,
  type ProbeObservation,
  type Verdict,
  cannotTell,
  classifyAnswer,
  combineVerdicts,
  createObservation,
} from '../verdict.js';

/** The most characters that a report shows of a field's value, or of a text from a match on. */
const excerptLength = 80;

/** What a refusal may reveal: the words for the report, and the pattern that finds it. */
const reasons: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a precise code of Certgate', new RegExp(`\\b(?:${denialCodes.join('|')})\\b`)],
  ['dates of the certificate', /\b(?:has )?expired\b|\bnot[ _-]yet[ _-]valid\b/i],
  ['the revocation of the certificate', /\brevoked\b|\brevocation\b/i],
  ['whom the app trusts', /\b(?:un|not[ _-])trusted\b|\bunknown[ _-](?:ca|issuer|authority)\b|\bself[ _-]signed\b/i],
  ['the thumbprint of the certificate', /\b(?:thumb|finger)print\b/i],
  ['the chain of the certificate', /\blocal issuer\b|\bcertificate (?:chain|issuer)\b/i],
  ['a detail code of IIS', /\b403\.(?:1[2367])\b|\b0x80(?:09|0b)[0-9a-f]{4}\b/i],
  ['a stack trace', /\n\s+at \S+.*:\d+:\d+|\bTraceback \(most recent call last\)/],
];

export function judgeRefusalReason(examination: Examination): Judgement {
  const { refusals, target, options } = examination;
  if (refusals.length === 0) return cannotTell('No refusal had an answer.');
  const isDevelopment = target.isLoopback && refusals.some(({ answer }) => hasDevelopmentMember(answer.body));
  for (const { answer, caller } of refusals) {
    const body = readText(answer.body, target.isLoopback);
    const text = [...answer.fields.map(([name, value]) => `${name}: ${value}`), body].join('\n');
    const thumbprint = options.denied.thumbprintSha256.toLowerCase();
    if (text.toLowerCase().replaceAll(':', '').includes(thumbprint))
      return { verdict: 'fails', note: 'A refusal repeats the thumbprint of the certificate.' };
    for (const [what, pattern] of reasons) {
      const found = pattern.exec(text);
      if (found === null) continue;
      const [before, after] = [text.slice(0, found.index), text.slice(found.index)].map((part) =>
        hideQueryValues(part, target),
      ) as [string, string];
      const detail = `${before.slice(-20)}${after.slice(0, excerptLength)}`.trim();
      return { verdict: 'fails', note: `A refusal (${describeCaller(caller)}) names ${what}.`, detail };
    }
  }
  if (differs(refusals, target.isLoopback)) {
    const note = 'The refusals without a certificate and with a denied one have the same status, but differ.';
    return { verdict: 'fails', note };
  }
  return {
    verdict: 'holds',
    note: isDevelopment ? 'This machine runs the app in Development; what Certgate adds then was ignored.' : '',
  };
}

function describeCaller(caller: SeenRefusal['caller']): string {
  return caller === 'nobody' ? 'without a certificate' : 'of the denied certificate';
}

/**
 * Whether a function refuses the denied caller in other words than callers without a certificate. Those may have been
 * asked several times; if their own refusals differ, there is nothing to compare with.
 */
function differs(refusals: readonly SeenRefusal[], isLoopback: boolean): boolean {
  const read = ({ answer }: SeenRefusal): string => normalize(readText(answer.body, isLoopback));
  return refusals
    .filter(({ caller }) => caller === 'denied')
    .some((denied) => {
      const same = refusals.filter(
        ({ functionIndex, caller, answer }) =>
          functionIndex === denied.functionIndex && caller === 'nobody' && answer.status === denied.answer.status,
      );
      const bodies = new Set(same.map(read));
      return bodies.size === 1 && !bodies.has(read(denied));
    });
}

/** The body without the member that Certgate adds in Development, if the app runs on this machine. */
function readText(body: Buffer, isLoopback: boolean): string {
  const text = body.toString('utf8');
  if (!isLoopback || !hasDevelopmentMember(body)) return text;
  const problem = JSON.parse(text) as Readonly<Record<string, unknown>>;
  return JSON.stringify({ ...problem, development: undefined });
}

function hasDevelopmentMember(body: Buffer): boolean {
  try {
    const problem: unknown = JSON.parse(body.toString('utf8'));
    return (
      typeof problem === 'object' &&
      problem !== null &&
      'development' in problem &&
      'type' in problem &&
      String(problem.type).startsWith(problemTypePrefix)
    );
  } catch {
    return false;
  }
}

/** The least length from which two equal texts are unlikely to be an accident. */
const tellingLength = 16;

/** Finds a gate that runs the function, and then sends the function's content with a refusal. */
function judgeRefusalContent({ closedFunctions }: Examination): Judgement {
  const verdicts: Verdict[] = [];
  const observations: ProbeObservation[] = [];
  for (const { index, baseline } of closedFunctions) {
    const { allowed } = baseline;
    if (allowed.kind !== 'answered' || baseline.reader.classify(allowed) !== 'admitted') {
      verdicts.push('cannot-tell');
      continue;
    }
    const content = normalize(allowed.body.toString('utf8')).trim();
    if (content === '') continue;
    for (const caller of ['nobody', 'denied'] as const) {
      const answer = baseline[caller];
      if (answer.kind !== 'answered' || classifyAnswer(answer) === 'admitted') continue;
      const text = normalize(answer.body.toString('utf8'));
      const isIn = content.length < tellingLength ? text.trim() === content : text.includes(content);
      if (isIn)
        observations.push(
          createObservation(
            answer,
            caller === 'nobody' ? 'no certificate' : 'the denied certificate',
            index,
            baseline.reader,
          ),
        );
      verdicts.push(!isIn ? 'holds' : content.length < tellingLength ? 'cannot-tell' : 'fails');
    }
  }
  if (verdicts.length === 0 && closedFunctions.length > 0)
    return { verdict: 'not-run', note: 'There are no two answers to compare.' };
  return { verdict: combineVerdicts(verdicts), note: '', observations };
}

const versionFields: readonly string[] = ['server', 'via', 'x-generator'];
/** Fields that fail the probe whatever their value is, because no caller needs them. */
const softwareFields: readonly string[] = ['x-powered-by', 'x-aspnet-version', 'x-aspnetmvc-version'];
const versionInText =
  /\b(?:nginx|Apache|Microsoft-IIS|Kestrel|Express|Node\.js|PHP|OpenSSL|Tomcat|Jetty)[/ ]v?\d[\d.]*/;

function judgeSoftwareVersion({ answers, refusals }: Examination): Judgement {
  const answered = answers.flatMap((answer) => (answer.kind === 'answered' ? [answer] : []));
  if (answered.length === 0) return cannotTell('There was no answer.');
  for (const { fields } of answered) {
    const field = fields.find(
      ([name, value]) => softwareFields.includes(name) || (versionFields.includes(name) && /\/\d|\d\.\d/.test(value)),
    );
    if (field === undefined) continue;
    const [name, value] = field;
    return { verdict: 'fails', note: `The field ${name} does.`, detail: `${name}: ${value.slice(0, excerptLength)}` };
  }
  for (const { answer } of refusals) {
    const found = versionInText.exec(answer.body.toString('utf8'));
    if (found !== null) return { verdict: 'fails', note: 'The body of a refusal does.', detail: found[0] };
  }
  return { verdict: 'holds', note: '' };
}

interface CacheTry {
  readonly sent: string;
  /** The query of the allowed caller's calls. */
  readonly query: string;
  /** The query of the caller without a certificate. Default: `query`. */
  readonly later?: string;
  /** How many calls the allowed caller makes. Default: 1. */
  readonly calls?: number;
  readonly fields?: FunctionRequest['fields'];
}

function listCacheTries(): readonly CacheTry[] {
  const fields = [['User-Agent', browser] as const, ['Accept-Encoding', 'gzip'] as const];
  return [
    // Some caches store only what was requested several times.
    { sent: 'five times the same query', query: newQuery(), calls: 5 },
    { sent: 'another query', query: newQuery(), later: newQuery() },
    { sent: 'no query', query: '' },
    // Other caches store only what a browser would accept.
    { sent: 'the fields of a browser', query: newQuery(), fields },
  ];
}

/** Runs before any forgery, because a cached answer would pass for an admitted forgery. */
async function probeCachedAnswer(examination: Examination): Promise<Judgement> {
  const { allowed } = examination.options;
  const verdicts: Verdict[] = [];
  const observations: ProbeObservation[] = [];
  for (const examined of examination.closedFunctions) {
    if (findObstacle(examined, false) !== undefined) {
      verdicts.push('cannot-tell');
      continue;
    }
    const { index, target, baseline } = examined;
    for (const { sent, query, later, calls = 1, fields } of listCacheTries()) {
      const request = fields === undefined ? {} : { fields };
      const { classify } = baseline.reader;
      let first = await examination.call(target, { ...request, certificate: allowed }, query);
      for (let call = 1; call < calls; call += 1)
        first = await examination.call(target, { ...request, certificate: allowed }, query);
      const answer = await examination.call(target, request, later ?? query);
      const isAdmitted = classify(answer) === 'admitted';
      // The function may answer any browser differently, whoever calls. The probe `browser` tests that.
      if (fields !== undefined) {
        const isForAll = isAdmitted && classify(await examination.call(target, request)) === 'admitted';
        if (isForAll || (!isAdmitted && classify(first) !== 'admitted')) continue;
      }
      // A second refusal of the same caller shows which parts are new in every refusal, so that they are not taken for
      // a difference between callers.
      if (fields === undefined) examination.noteRefusal(index, 'nobody', answer);
      observations.push(
        createObservation(answer, `no certificate, after the allowed caller, with ${sent}`, index, baseline.reader),
      );
      if (isAdmitted) {
        if (later !== undefined) examination.cacheIgnoresQuery = true;
        verdicts.push('fails');
        continue;
      }
      verdicts.push(isRefused(answer, baseline, false) && classify(first) === 'admitted' ? 'holds' : 'cannot-tell');
    }
  }
  return { verdict: combineVerdicts(verdicts), note: '', observations };
}

export const disclosureProbes: ProbeRuns<'cached-answer' | 'refusal-reason' | 'refusal-content' | 'software-version'> =
  {
    'cached-answer': probeCachedAnswer,
    'refusal-reason': judgeRefusalReason,
    'refusal-content': judgeRefusalContent,
    'software-version': judgeSoftwareVersion,
  };
