import { randomUUID } from 'node:crypto';
import type { PlayedFrontEnd, RequestFacts } from '../exchange/played-front-end.js';
import { canonicalizeFieldName, getFieldValues, removeHopByHopFields, type RawField } from '../../wire/raw-fields.js';

const certificateField = 'X-ARR-ClientCert';

const ownFields: ReadonlySet<string> = new Set([
  'client-ip',
  'disguised-host',
  'max-forwards',
  'was-default-hostname',
  'x-appservice-proto',
  'x-client-ip',
  'x-client-port',
  'x-original-url',
  'x-site-deployment-id',
  'x-waws-unencoded-url',
]);

/**
 * App Service's front end.
 *
 * Which fields it adds isn't documented in one place; the list follows what apps there are seen to receive.
 * `X-SITE-DEPLOYMENT-ID` is left out: there is no deployment here. Other `X-Forwarded-*` fields of the client
 * (`X-Forwarded-Host`, `X-Forwarded-Client-Cert`) are removed, though Azure may let some of them through.
 *
 * Whether it removes a client's own `X-ARR-ClientCert` isn't documented either. In the worst case that field stays, in the
 * client's spelling and place, before ours if there is one; the app then sees two values.
 */
export const appService: PlayedFrontEnd = Object.freeze({
  keepClientFields: (fields, worstCase) => fields.filter(([name]) => belongsToClient(name, worstCase)),
  writeCertificate: (certificate) =>
    certificate === undefined ? [] : [[certificateField, certificate.der.toString('base64')]],
  describeRequest,
} satisfies PlayedFrontEnd);

function belongsToClient(name: string, worstCase: boolean): boolean {
  const canonical = canonicalizeFieldName(name);
  if (canonical === 'x-arr-clientcert') return worstCase;
  return !(ownFields.has(canonical) || canonical.startsWith('x-arr-') || canonical.startsWith('x-forwarded-'));
}

function describeRequest(request: RequestFacts): RawField[] {
  const { head, host, clientAddress, clientPort } = request;
  const client = `${clientAddress.includes(':') ? `[${clientAddress}]` : clientAddress}:${clientPort}`;
  const before = getFieldValues(removeHopByHopFields(head.fields), 'x-forwarded-for');
  return [
    ['Max-Forwards', '10'],
    ['X-ARR-LOG-ID', randomUUID()],
    ['CLIENT-IP', client],
    ['X-Client-IP', clientAddress],
    ['X-Client-Port', String(clientPort)],
    ['DISGUISED-HOST', host],
    ['WAS-DEFAULT-HOSTNAME', host],
    ['X-Forwarded-Proto', 'https'],
    ['X-AppService-Proto', 'https'],
    ['X-ARR-SSL', request.serverCertificateSummary],
    ['X-Forwarded-TlsVersion', (request.tlsProtocol ?? '').replace(/^TLSv/, '')],
    ['X-Forwarded-For', [...before, client].join(', ')],
    ['X-Original-URL', head.target],
    ['X-WAWS-Unencoded-URL', head.target],
  ];
}
