import type { LiveEvent } from '../../../certgate/src/trust/views/page-views.js';
import { allowedThumbprint, sampleNow, strangerThumbprint } from './sample-explanations.js';

type Row = readonly [
  method: string,
  path: string,
  status: number,
  functionName: string | null,
  identityName: string | null,
  thumbprintSha256: string | null,
  verdict: LiveEvent['verdict'],
  code: string | null,
  detail: string | null,
];

const rows: readonly Row[] = [
  ['GET', '/api/orders/1042', 200, 'GetOrder', 'billing', allowedThumbprint, 'allowed', 'allowed', null],
  [
    'GET',
    '/api/orders/1042',
    401,
    'GetOrder',
    null,
    strangerThumbprint,
    'denied',
    'certificate_not_trusted',
    'No identity has this certificate.',
  ],
  ['GET', '/api/health', 200, 'Health', null, null, 'open', null, null],
  [
    'POST',
    '/api/orders/1042/refund',
    403,
    'Refund',
    'warehouse',
    allowedThumbprint,
    'denied',
    'role_missing',
    'The identity "warehouse" lacks the role refunds.write.',
  ],
  [
    'GET',
    '/api/exports/invoices/2025',
    200,
    'ExportInvoicesOfAllCustomersOfTheLastFinancialYear',
    'partner-gateway',
    allowedThumbprint,
    'observed',
    'role_missing',
    'The identity lacks the role invoices.export; report-only.',
  ],
  ['GET', '/api/orders/77', 401, 'GetOrder', null, null, 'denied', 'certificate_missing', 'The caller sent none.'],
  ['GET', '/favicon.ico', 404, null, null, null, 'unanswered', 'no_function', 'No function has this route.'],
  ['POST', '/api/orders/1043/refund', 200, 'Refund', 'billing', allowedThumbprint, 'allowed', 'allowed', null],
];

/** The same for the same number. */
export function createSampleEvent(id: number): LiveEvent {
  const row = rows[(id * 5 + Math.floor(id / 7)) % rows.length] ?? rows[0];
  if (row === undefined) throw new Error('There are no rows.');
  const [method, path, status, functionName, identityName, thumbprintSha256, verdict, code, detail] = row;
  return {
    id,
    time: new Date(Date.parse(sampleNow) + id * 137).toISOString(),
    method,
    path,
    status,
    functionName,
    answeredBy: functionName === null ? 'host' : 'app',
    durationMilliseconds: ((id * 37) % 190) / 10 + 1.2,
    correlationId: `4b7c${id.toString(16).padStart(4, '0')}-93d1-4e0a-8f52-${(id * 7919).toString(16).padStart(12, '0')}`,
    identityName,
    thumbprintSha256,
    verdict,
    code,
    detail,
  };
}
