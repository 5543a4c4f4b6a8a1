import { randomBytes } from 'node:crypto';
import type { WireAnswer } from '#local/client/wire-request.js';
import {
  type Examination,
  type ExaminedFunction,
  type FunctionRequest,
  type ProbeRuns,
  explainNothingSent,
  findTellingFunction,
  isRefused,
  newQuery,
} from '../examination.js';
import { type Answered, normalize } from '../likeness.js';
import { functionUrl } from '../target.js';
import { type Judgement, type Verdict, classifyAnswer } from '../verdict.js';
import { type Forgery, judgeForgeries } from './judge-forgeries.js';
import { listForgeries, type Variant } from './variant-probes.js';

/** A request that may reach something else than the function, and the words in which a report may describe it. */
interface Alteration extends Forgery {
  /**
   * The same request without a forged header. It is sent to a function that does not exist, and its answer is compared.
   */
  readonly control: FunctionRequest;
  /**
   * Who gave an answer that admits. `function`: the function. `compared`: the function, if the control gets another
   * answer. `unknown`: perhaps the front end.
   */
  readonly answerer: 'function' | 'compared' | 'unknown';
  /**
   * The spelling of the path. The control's path is spelled in the same way, because one page may answer all such
   * paths.
   */
  readonly spelling?: string;
}

/**
 * Tries spellings of the path that something on the way may take for the same function, but judge by another rule. The
 * allowed certificate, or a header with it, is never sent, because a cache could publish the answer.
 */
function probeOtherPath(examination: Examination): Promise<Judgement> {
  return judgeAlterations(examination, examination.closedFunctions, (examined) => {
    const { pathname, search } = functionUrl(examination.target, examined.target);
    return listSpellings(pathname).flatMap(([sent, path]) =>
      listCallers(examination, { sent, change: { target: addQuery(`${path}${search}`) } }, 'compared')
        .filter(({ request, control }) => request === control)
        .map((alteration) => ({ ...alteration, spelling: sent })),
    );
  });
}

export function listSpellings(pathname: string): readonly (readonly [sent: string, path: string])[] {
  const path = pathname.replace(/\/+$/, '');
  const last = path.lastIndexOf('/') + 1;
  const encode = (prefix: string, write: (hex: string) => string): string =>
    path.replace(/[a-z](?=[^/]*$)/i, (letter) => `${prefix}${write(letter.charCodeAt(0).toString(16))}`);
  const all: readonly (readonly [string, string])[] = [
    ['a slash at the end', `${path}/`],
    ['upper case', path.toUpperCase()],
    ['lower case', path.toLowerCase()],
    ['a percent-encoded letter', encode('%', (hex) => hex)],
    ['a percent-encoded letter in upper case', encode('%', (hex) => hex.toUpperCase())],
    ['a letter that is percent-encoded twice', encode('%25', (hex) => hex.toUpperCase())],
    ['a double slash', `${path.slice(0, last)}/${path.slice(last)}`],
    ['a double slash at the start', `/${path}`],
    [';x', `${path};x`],
    ['/.', `${path.slice(0, last)}./${path.slice(last)}`],
    ['/x/..', `/x/..${path}`],
    ['.css', `${path}.css`],
    ['/x.css', `${path}/x.css`],
  ];
  return all.filter(
    ([, each], index) =>
      each.startsWith('/') &&
      each !== pathname &&
      each !== path &&
      all.findIndex(([, other]) => other === each) === index,
  );
}

/** Tries further methods: a function that answers GET may answer them too. */
function probeOtherMethod(examination: Examination): Promise<Judgement> {
  return judgeAlterations(examination, examination.closedFunctions, () =>
    // Servers may answer OPTIONS themselves. An answer to HEAD has no body that could be compared.
    ['HEAD', 'OPTIONS'].flatMap((method) =>
      listCallers(examination, { sent: method, change: { method } }, method === 'HEAD' ? 'function' : 'unknown'),
    ),
  );
}

async function probeOtherHost(examination: Examination): Promise<Judgement> {
  const { target, options } = examination;
  // Servers often take a request with this `Host` for one from their own machine.
  const usual = target.origin.hostname === 'localhost' ? 'certgate-doctor.invalid' : 'localhost';
  const telling = findTellingFunction(examination);
  return judgeAlterations(examination, telling === undefined ? [] : [telling], () =>
    [usual, ...options.alsoHosts].flatMap((host, index) =>
      listCallers(
        examination,
        { sent: index === 0 ? `Host: ${host}` : `the other host ${index}`, change: { fields: [['Host', host]] } },
        'compared',
      ),
    ),
  );
}

/** Lists the callers who must be refused. The control of each is its request without a forged header. */
function listCallers(
  examination: Examination,
  variant: Variant,
  answerer: Alteration['answerer'],
): readonly Alteration[] {
  const forgeries = listForgeries(examination, variant);
  return forgeries.map((forgery) => {
    const plain = forgeries.find(({ usesDenied }) => usesDenied === forgery.usesDenied) ?? forgery;
    return { ...forgery, control: plain.request, answerer };
  });
}

async function judgeAlterations(
  examination: Examination,
  functions: readonly ExaminedFunction[],
  list: (examined: ExaminedFunction) => readonly Alteration[],
): Promise<Judgement> {
  if (functions.length === 0 || examination.cacheIgnoresQuery) return explainNothingSent(examination);
  return judgeForgeries(examination, list, {
    functions,
    judge: (examined, alteration, answer) => judgeAltered(examination, examined, alteration, answer),
    failure: 'A caller who must be refused got an answer.',
  });
}

async function judgeAltered(
  examination: Examination,
  examined: ExaminedFunction,
  { control, usesDenied, answerer, spelling }: Alteration,
  answer: WireAnswer,
): Promise<Verdict> {
  if (isRefused(answer, examined.baseline, usesDenied) || leadsBack(answer, examination, examined)) return 'holds';
  const { allowed, reader } = examined.baseline;
  const meaning = classifyAnswer(answer);
  if (answer.kind !== 'answered' || (meaning !== 'admitted' && meaning !== 'refused')) return 'cannot-tell';
  if (reader.isByLikeness === true) {
    // An answer to HEAD has no body that could be compared.
    if (answer.body.length === 0 && answerer === 'function') return 'cannot-tell';
    if (reader.classify(answer) === 'admitted') return 'fails';
  } else if (answerer === 'function') return 'fails';
  if (answer.body.length > 0 && allowed.kind === 'answered' && isAlike(answer, allowed)) return 'fails';
  // If a function that does not exist gets the same answer, the answer does not come from the function.
  const nowhere = await examination.call(examined.target, {
    ...control,
    target: nameNowhere(examination, examined, spelling),
  });
  if (nowhere.kind === 'answered' && nowhere.status === answer.status && isAlike(nowhere, answer)) return 'holds';
  const isFunction = answerer === 'compared' && reader.isByLikeness !== true;
  return isFunction && isRefused(nowhere, examined.baseline, usesDenied) ? 'fails' : 'cannot-tell';
}

function isAlike(one: Answered, other: Answered): boolean {
  return normalize(one.body.toString('utf8')) === normalize(other.body.toString('utf8'));
}

/** Whether the answer redirects to the function's own path, where the gate decides. */
function leadsBack(answer: WireAnswer, { target }: Examination, examined: ExaminedFunction): boolean {
  if (answer.kind !== 'answered' || classifyAnswer(answer) !== 'redirected') return false;
  const location = answer.fields.find(([name]) => name === 'location')?.[1];
  const own = functionUrl(target, examined.target);
  if (location === undefined || !URL.canParse(location, own.href)) return false;
  const { origin, pathname } = new URL(location, own.href);
  return origin === own.origin && pathname === own.pathname;
}

function nameNowhere({ target }: Examination, { target: own }: ExaminedFunction, spelling?: string): string {
  const { pathname } = functionUrl(target, own);
  const path = `${pathname.slice(0, pathname.lastIndexOf('/') + 1)}certgate-doctor-${randomBytes(8).toString('hex')}`;
  return addQuery(listSpellings(path).find(([sent]) => sent === spelling)?.[1] ?? path);
}

function addQuery(target: string): string {
  return `${target}${target.includes('?') ? '&' : '?'}${newQuery()}`;
}

export const alteredProbes: ProbeRuns<'other-method' | 'other-path' | 'other-host'> = {
  'other-method': probeOtherMethod,
  'other-path': probeOtherPath,
  'other-host': probeOtherHost,
};
