import {
  type ExaminedFunction,
  type Examination,
  type FunctionRequest,
  type ProbeRuns,
  browser,
  explainNothingSent,
  findTellingFunction,
} from '../examination.js';
import type { Judgement } from '../verdict.js';
import { forgeWithAndWithoutDenied, forgeOwnFields } from './forgery-probes.js';
import { type Forgery, judgeForgeries } from './judge-forgeries.js';

/** A change to a request, and the words in which a report describes it. */
export interface Variant {
  readonly sent: string;
  readonly change: FunctionRequest;
}

const upgrade: FunctionRequest['fields'] = [
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', Buffer.alloc(16).toString('base64')],
];
const post = { method: 'POST', body: Buffer.from('x') };
const methodOverride = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'].map(
  (name) => [name, 'HEAD'] as const,
);
const madeUpCookies = 'session=1; auth=1; authenticated=true; user=admin; admin=1; debug=1';

export const variantProbes: ProbeRuns<
  | 'forwarded-for'
  | 'browser'
  | 'http-1.0'
  | 'upgrade'
  | 'second-request'
  | 'public-first'
  | 'after-allowed'
  | 'other-field'
  | 'other-query'
  | 'post'
> = {
  // A front end or an app may trust this field, which any client can write.
  'forwarded-for': (examination) =>
    judgeVariants(
      examination,
      [{ sent: 'X-Forwarded-For: 127.0.0.1', change: { fields: [['X-Forwarded-For', '127.0.0.1']] } }],
      examination.closedFunctions,
    ),
  // In the mode OptionalInteractiveUser, App Service asks browsers for certificates in another way than other programs.
  browser: (examination) =>
    judgeVariants(examination, [{ sent: 'User-Agent: Mozilla/…', change: { fields: [['User-Agent', browser]] } }]),
  'http-1.0': (examination) => judgeVariants(examination, [{ sent: 'HTTP/1.0', change: { httpVersion: '1.0' } }]),
  // After an upgrade, proxies pass the connection's bytes on unchanged.
  upgrade: (examination) => judgeVariants(examination, [{ sent: 'Upgrade: websocket', change: { fields: upgrade } }]),
  'second-request': (examination) =>
    judgeEarlier(examination, 'a second request on one connection', { request: {}, isSameConnection: true }),
  'public-first': probePublicFirst,
  'after-allowed': (examination) =>
    judgeEarlier(examination, 'after the allowed caller', {
      request: { certificate: examination.options.allowed },
      isSameConnection: false,
    }),
  'other-field': (examination) => judgeVariants(examination, listFieldVariants(examination)),
  'other-query': (examination) =>
    judgeVariants(
      examination,
      ['1', 'true'].map((value) => ({
        sent: `debug=${value} and the like`,
        change: { query: ['debug', 'test', 'admin', 'trace', 'preview'].map((name) => `${name}=${value}`).join('&') },
      })),
    ),
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

function listFieldVariants({ closedFunctions }: Examination): readonly Variant[] {
  const cookies = closedFunctions.flatMap(({ baseline: { allowed } }) =>
    allowed.kind === 'answered' ? allowed.fields.filter(([name]) => name === 'set-cookie') : [],
  );
  const own = cookies.map(([, value]) => value.split(';', 1)[0]).join('; ');
  return [
    { sent: 'Authorization: Bearer …', change: { fields: [['Authorization', 'Bearer certgate-doctor']] } },
    { sent: 'Range: bytes=0-', change: { fields: [['Range', 'bytes=0-']] } },
    {
      sent: 'If-None-Match and If-Modified-Since',
      change: {
        fields: [
          ['If-None-Match', '"certgate-doctor"'],
          ['If-Modified-Since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
        ],
      },
    },
    { sent: 'X-HTTP-Method-Override: HEAD and the like', change: { fields: methodOverride } },
    { sent: 'made-up cookies', change: { fields: [['Cookie', madeUpCookies]] } },
    ...(own === '' ? [] : [{ sent: "the allowed caller's cookies", change: { fields: [['Cookie', own] as const] } }]),
  ];
}

type Earlier = NonNullable<Forgery['earlier']>;

/**
 * Sends the requests of callers who must be refused. Each follows another request, because some servers check only the
 * first request of a connection, or remember the address of an allowed caller.
 */
async function judgeEarlier(
  examination: Examination,
  sent: string,
  first: Omit<Earlier, 'target'>,
): Promise<Judgement> {
  const examined = findTellingFunction(examination);
  if (examined === undefined) return explainNothingSent(examination);
  const earlier = { ...first, target: examined.target };
  if (earlier.isSameConnection && examination.admitsForgedHeader) return forgedAnyway;
  const forgeries = listForgeries(examination, { sent, change: {} }).map((forgery) => ({ ...forgery, earlier }));
  const judgement = await judgeForgeries(examination, forgeries, { functions: [examined] });
  if ((judgement.observations ?? []).length > 0 || judgement.verdict !== 'cannot-tell') return judgement;
  return { verdict: 'not-run', note: 'No connection lasted until a second answer.' };
}

const forgedAnyway: Judgement = { verdict: 'not-run', note: 'A forged header is admitted in any request.' };

/**
 * Sends a forged header to a public function first. Something may read or remember the header there, although the
 * public function does not need it.
 */
async function probePublicFirst(examination: Examination): Promise<Judgement> {
  const [target] = examination.target.public;
  if (target === undefined) return { verdict: 'not-run', note: 'No --public-function is named.' };
  const examined = findTellingFunction(examination);
  if (examined === undefined) return explainNothingSent(examination);
  if (examination.admitsForgedHeader) return forgedAnyway;
  const fields = forgeOwnFields(examination);
  const forgeries = forgeWithAndWithoutDenied(
    examination,
    'a forged header to a public function before and',
    fields,
  ).flatMap((forgery) => {
    const { certificate } = forgery.request;
    const caller = certificate === undefined ? {} : { certificate };
    const first = { target, request: { ...caller, fields } };
    return [
      { ...forgery, earlier: { ...first, isSameConnection: true } },
      {
        ...forgery,
        sent: `after a forged header to a public function, ${forgery.usesDenied ? 'the denied certificate' : 'no certificate'}`,
        request: caller,
        earlier: { ...first, isSameConnection: false },
      },
    ];
  });
  return judgeForgeries(examination, forgeries, { functions: [examined] });
}

/** Tests one function by default, because a front end usually decides alike for all functions. */
async function judgeVariants(
  examination: Examination,
  variants: readonly Variant[],
  functions?: readonly ExaminedFunction[],
): Promise<Judgement> {
  const telling = findTellingFunction(examination);
  const chosen = functions ?? (telling === undefined ? [] : [telling]);
  if (chosen.length === 0) return explainNothingSent(examination);
  return judgeForgeries(
    examination,
    variants.flatMap((variant) => listForgeries(examination, variant)),
    { functions: chosen },
  );
}

/**
 * Lists the requests that must be refused: without a certificate and with the denied one, each also with a forged
 * header.
 */
export function listForgeries(examination: Examination, { sent, change }: Variant): readonly Forgery[] {
  const { denied } = examination.options;
  const fields = change.fields ?? [];
  const plain = [
    { sent: `${sent}, no certificate`, request: change, usesDenied: false },
    { sent: `${sent}, the denied certificate`, request: { ...change, certificate: denied }, usesDenied: true },
  ];
  // Such a forged header would get in with every variant, so it would show nothing here.
  if (examination.admitsForgedHeader) return plain;
  const forged = forgeWithAndWithoutDenied(examination, `${sent}, a forged header`, [
    ...fields,
    ...forgeOwnFields(examination),
  ]);
  return [...plain, ...forged.map((forgery) => ({ ...forgery, request: { ...change, ...forgery.request } }))];
}
