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
 * Azure does not document all the fields that it adds in one place. The list contains fields that apps there were seen
 * to receive. `X-SITE-DEPLOYMENT-ID` is left out, because there is no deployment here. Other `X-Forwarded-*` fields of
 * the client (`X-Forwarded-Host`, `X-Forwarded-Client-Cert`) are removed, although Azure may pass some of them on.
 *
 * Azure does not document either whether it removes a client's own `X-ARR-ClientCert`. In the worst case, that field is
 * kept in the client's spelling and place. If the gateway adds the true certificate after it, the app sees two values.
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
