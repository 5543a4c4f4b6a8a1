import {
  type ExaminedFunction,
  type Examination,
  type FunctionRequest,
  type ProbeRuns,
  findTellingFunction,
  nothingTells,
} from '../examination.js';
import type { Judgement } from '../verdict.js';
import { type Forgery, forgeBeside, forgeOwnFields, judgeForgeries } from './forgery-probes.js';

/** What is changed in a request to the function's own path. */
export interface Variant {
  readonly sent: string;
  readonly change: FunctionRequest;
}

const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const upgrade: FunctionRequest['fields'] = [
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', Buffer.alloc(16).toString('base64')],
];
const post = { method: 'POST', body: Buffer.from('x') };

export const variantProbes: ProbeRuns<
  'forwarded-for' | 'browser' | 'http-1.0' | 'upgrade' | 'second-request' | 'post'
> = {
  // A front end or an app may decide by what any client can write.
  'forwarded-for': (examination) =>
    judgeVariants(
      examination,
      [{ sent: 'X-Forwarded-For: 127.0.0.1', change: { fields: [['X-Forwarded-For', '127.0.0.1']] } }],
      examination.closedFunctions,
    ),
  // In the mode OptionalInteractiveUser, App Service asks browsers and other programs in different ways.
  browser: (examination) =>
    judgeVariants(examination, [{ sent: 'User-Agent: Mozilla/…', change: { fields: [['User-Agent', browser]] } }]),
  'http-1.0': (examination) => judgeVariants(examination, [{ sent: 'HTTP/1.0', change: { httpVersion: '1.0' } }]),
  // Proxies hand such a connection on as it is, once it is open.
  upgrade: (examination) => judgeVariants(examination, [{ sent: 'Upgrade: websocket', change: { fields: upgrade } }]),
  'second-request': probeSecondRequest,
  post: (examination) => {
    if (!examination.options.withPost)
      return { verdict: 'not-run', note: 'It sends POST requests: only with --with-post.' };
    const override = { ...post, fields: [['X-HTTP-Method-Override', 'GET'] as const] };
    const variants = [
      { sent: 'POST', change: post },
      { sent: 'POST with X-HTTP-Method-Override: GET', change: override },
    ];
    return judgeVariants(examination, variants, examination.closedFunctions);
  },
};

/** Some front ends look at the first request of a connection only. */
async function probeSecondRequest(examination: Examination): Promise<Judgement> {
  const examined = findTellingFunction(examination);
  if (examined === undefined) return nothingTells;
  if (examination.admitsForgedHeader)
    return { verdict: 'not-run', note: 'A forged header is admitted in any request.' };
  const variant = { sent: 'a second request on one connection', change: {} };
  const forgeries = listForgeries(examination, variant).map((forgery) => ({ ...forgery, isSecond: true as const }));
  const judgement = await judgeForgeries(examination, forgeries, { functions: [examined] });
  if ((judgement.observations ?? []).length > 0 || judgement.verdict !== 'cannot-tell') return judgement;
  return { verdict: 'not-run', note: 'No connection lasted until a second answer.' };
}

/** On one function where a front end decides, whatever the function is. */
async function judgeVariants(
  examination: Examination,
  variants: readonly Variant[],
  functions?: readonly ExaminedFunction[],
): Promise<Judgement> {
  const telling = findTellingFunction(examination);
  const chosen = functions ?? (telling === undefined ? [] : [telling]);
  if (chosen.length === 0) return nothingTells;
  return judgeForgeries(
    examination,
    variants.flatMap((variant) => listForgeries(examination, variant)),
    { functions: chosen },
  );
}

/** Everybody who must be refused: without a certificate and with the denied one, each also with a forged header. */
export function listForgeries(examination: Examination, { sent, change }: Variant): readonly Forgery[] {
  const { denied } = examination.options;
  const fields = change.fields ?? [];
  const plain = [
    { sent: `${sent}, no certificate`, request: change, usesDenied: false },
    { sent: `${sent}, the denied certificate`, request: { ...change, certificate: denied }, usesDenied: true },
  ];
  // What gets in anyway would get in here too, whatever the variant is.
  if (examination.admitsForgedHeader) return plain;
  const forged = forgeBeside(examination, `${sent}, a forged header`, [...fields, ...forgeOwnFields(examination)]);
  return [...plain, ...forged.map((forgery) => ({ ...forgery, request: { ...change, ...forgery.request } }))];
}
