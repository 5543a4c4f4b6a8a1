import { findTellingFunction, type ExaminedFunction, type Examination } from '../examination.js';
import type { ForgedField } from '../forged-fields.js';
import type { ProbeRequest } from '../probe-sender.js';
import type { Judgement } from '../verdict.js';
import { type Forgery, forge, forgeOwnFields, judgeForgeries } from './forgery-probes.js';
import { nothingTells } from './protocol-probes.js';

/** What is changed in a request to the function's own path. */
export interface Variant {
  readonly sent: string;
  readonly change: Omit<ProbeRequest, 'url'>;
}

/** A front end or an app may decide by what any client can write. */
export function probeForwardedFor(examination: Examination): Promise<Judgement> {
  return judgeVariants(examination, [withField('X-Forwarded-For', '127.0.0.1')], examination.closedFunctions);
}

/** In the mode OptionalInteractiveUser, App Service asks browsers and other programs in different ways. */
export function probeBrowser(examination: Examination): Promise<Judgement> {
  const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  return judgeVariants(examination, [{ sent: 'User-Agent: Mozilla/…', change: { fields: [['User-Agent', browser]] } }]);
}

export function probeHttp10(examination: Examination): Promise<Judgement> {
  return judgeVariants(examination, [{ sent: 'HTTP/1.0', change: { httpVersion: '1.0' } }]);
}

/** Proxies hand such a connection on as it is, once it is open. */
export function probeUpgrade(examination: Examination): Promise<Judgement> {
  const fields: readonly ForgedField[] = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', Buffer.alloc(16).toString('base64')],
  ];
  return judgeVariants(examination, [{ sent: 'Upgrade: websocket', change: { fields } }]);
}

export function probePost(examination: Examination): Promise<Judgement> {
  if (!examination.options.withPost) {
    return Promise.resolve({ verdict: 'not-run', note: 'It sends POST requests: only with --with-post.' });
  }
  const post = { method: 'POST', body: Buffer.from('x') };
  return judgeVariants(
    examination,
    [
      { sent: 'POST', change: post },
      {
        sent: 'POST with X-HTTP-Method-Override: GET',
        change: { ...post, fields: [['X-HTTP-Method-Override', 'GET']] },
      },
    ],
    examination.closedFunctions,
  );
}

/** Some front ends look at the first request of a connection only. */
export async function probeSecondRequest(examination: Examination): Promise<Judgement> {
  const examined = findTellingFunction(examination);
  if (examined === undefined) return nothingTells;
  const judgement = await judgeForgeries(
    examination,
    listForgeries(examination, { sent: 'a second request on one connection', change: {} }).map((forgery) => ({
      ...forgery,
      isSecond: true as const,
    })),
    [examined],
  );
  if ((judgement.observations ?? []).length > 0 || judgement.verdict !== 'cannot-tell') return judgement;
  return { verdict: 'not-run', note: 'No connection lasted until a second answer.' };
}

function withField(name: string, value: string): Variant {
  return { sent: `${name}: ${value}`, change: { fields: [[name, value]] } };
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
    chosen,
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
  const forged = [false, true].map((usesDenied): Forgery => {
    const forgery = forge(
      examination,
      `${sent}, a forged header`,
      [...fields, ...forgeOwnFields(examination)],
      usesDenied,
    );
    return { ...forgery, request: { ...change, ...forgery.request } };
  });
  return [...plain, ...forged];
}
