/**
 * The header section that the app receives: what the client sent, minus what ends at this hop or belongs to the
 * front end, plus what the front end adds. In this order, so that no `Connection` option removes an added field.
 *
 * Which fields the App Service front end adds isn't documented in one place; the list follows what apps there are
 * seen to receive. `X-SITE-DEPLOYMENT-ID` is left out: there is no deployment here. Other `X-Forwarded-*` fields of
 * the client (`X-Forwarded-Host`, `X-Forwarded-Client-Cert`) are removed, though Azure may let some of them through.
 */
import { randomUUID } from 'node:crypto';
import { canonicalizeFieldName, getFieldValues, removeHopByHopFields, type RawField } from './raw-fields.js';
import { expectsContinue, type RequestHead } from './request-refusals.js';

export const clientCertificateHeaderName = 'X-ARR-ClientCert';

const frontEndHeaderNames: ReadonlySet<string> = new Set([
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

/** Written anew from what the parser understood, so that another spelling of them can't say something else. */
const framingNames: ReadonlySet<string> = new Set(['content-length', 'expect', 'host', 'transfer-encoding']);

/** The field that only a gateway and its upstream know. */
export interface UpstreamToken {
  readonly name: string;
  readonly value: string;
}

export interface ForwardingFacts {
  /** Value of `X-ARR-ClientCert`; undefined when the app is to see no certificate. */
  readonly base64Certificate: string | undefined;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly tlsProtocol: string | null;
  /** `X-ARR-SSL`. */
  readonly serverCertificateSummary: string;
  /**
   * Whether the real front end removes a client's own `X-ARR-ClientCert` isn't documented. True: it stays, in the
   * client's spelling and place, before ours if there is one; the app then sees two values.
   */
  readonly worstCase: boolean;
  readonly upstreamToken: UpstreamToken | undefined;
}

export function buildUpstreamRequestFields(head: RequestHead, facts: ForwardingFacts): RawField[] {
  const host = getFieldValues(head.fields, 'host')[0] ?? '';
  return [
    ['Host', host],
    ...removeHopByHopFields(head.fields).filter(([name]) => belongsToClient(name, facts.worstCase)),
    ...buildFramingFields(head),
    ...buildFrontEndFields(head, host, facts),
  ];
}

function belongsToClient(name: string, worstCase: boolean): boolean {
  const canonical = canonicalizeFieldName(name);
  if (canonical === 'x-arr-clientcert') return worstCase;
  return !(
    frontEndHeaderNames.has(canonical) ||
    framingNames.has(canonical) ||
    canonical.startsWith('x-arr-') ||
    canonical.startsWith('x-certgate-') ||
    canonical.startsWith('x-forwarded-')
  );
}

function buildFramingFields(head: RequestHead): RawField[] {
  const fields: RawField[] = expectsContinue(head) ? [['Expect', '100-continue']] : [];
  const length = getFieldValues(head.fields, 'content-length')[0];
  if (getFieldValues(head.fields, 'transfer-encoding').length > 0) fields.push(['Transfer-Encoding', 'chunked']);
  else if (length !== undefined) fields.push(['Content-Length', length]);
  // Without it Node would announce a chunked body for methods that usually have one.
  else if (!['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(head.method)) fields.push(['Content-Length', '0']);
  return fields;
}

function buildFrontEndFields(head: RequestHead, host: string, facts: ForwardingFacts): RawField[] {
  const address = facts.clientAddress.includes(':') ? `[${facts.clientAddress}]` : facts.clientAddress;
  const client = `${address}:${facts.clientPort}`;
  const before = getFieldValues(removeHopByHopFields(head.fields), 'x-forwarded-for');
  const fields: RawField[] = [
    ['Max-Forwards', '10'],
    ['X-ARR-LOG-ID', randomUUID()],
    ['CLIENT-IP', client],
    ['X-Client-IP', facts.clientAddress],
    ['X-Client-Port', String(facts.clientPort)],
    ['DISGUISED-HOST', host],
    ['WAS-DEFAULT-HOSTNAME', host],
    ['X-Forwarded-Proto', 'https'],
    ['X-AppService-Proto', 'https'],
    ['X-ARR-SSL', facts.serverCertificateSummary],
    ['X-Forwarded-TlsVersion', (facts.tlsProtocol ?? '').replace(/^TLSv/, '')],
    ['X-Forwarded-For', [...before, client].join(', ')],
    ['X-Original-URL', head.target],
    ['X-WAWS-Unencoded-URL', head.target],
  ];
  const { upstreamToken } = facts;
  if (upstreamToken !== undefined) fields.push([upstreamToken.name, upstreamToken.value]);
  if (facts.base64Certificate !== undefined) fields.push([clientCertificateHeaderName, facts.base64Certificate]);
  return fields;
}
