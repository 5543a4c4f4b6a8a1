/**
 * Builds the header section that the app receives: the client's fields, without those that end at this hop or belong to
 * the front end, and then the fields that the front end adds. In this order, no `Connection` option can remove an added
 * field.
 */
import { secretHeaderName } from '@certgate/core/internal';
import type { PlayedFrontEnd, CertificateToForward, RequestFacts } from './played-front-end.js';
import { canonicalizeFieldName, getFieldValues, removeHopByHopFields, type RawField } from '../../wire/raw-fields.js';
import { expectsContinue, type RequestHead } from './request-refusals.js';

/**
 * Fields that the gateway writes again from what the parser understood, so that another spelling can't change their
 * meaning.
 */
const framingNames: ReadonlySet<string> = new Set(['content-length', 'expect', 'host', 'transfer-encoding']);

/** A field whose value only a gateway and its upstream know. */
export interface UpstreamToken {
  readonly name: string;
  readonly value: string;
}

export interface ForwardingFacts extends Omit<RequestFacts, 'head' | 'host'> {
  readonly frontEnd: PlayedFrontEnd;
  /** The certificate to pass on. Undefined if the app must see none. */
  readonly certificate: CertificateToForward | undefined;
  /** The secret that shows the app that a request came through this front end. Undefined if there is none. */
  readonly frontEndSecret: string | undefined;
  readonly worstCase: boolean;
  readonly upstreamToken: UpstreamToken | undefined;
}

export function buildUpstreamRequestFields(head: RequestHead, facts: ForwardingFacts): RawField[] {
  const { frontEnd, certificate, frontEndSecret, worstCase, upstreamToken } = facts;
  const host = getFieldValues(head.fields, 'host')[0] ?? '';
  const ofClient = removeHopByHopFields(head.fields).filter(([name]) => !isOfGateway(name));
  return [
    ['Host', host],
    ...frontEnd.keepClientFields(ofClient, worstCase),
    ...buildFramingFields(head),
    ...(frontEnd.describeRequest?.({ ...facts, head, host }) ?? []),
    ...(frontEndSecret === undefined ? [] : [[secretHeaderName, frontEndSecret] as const]),
    ...(upstreamToken === undefined ? [] : [[upstreamToken.name, upstreamToken.value] as const]),
    ...frontEnd.writeCertificate(certificate),
  ];
}

function isOfGateway(name: string): boolean {
  const canonical = canonicalizeFieldName(name);
  return framingNames.has(canonical) || canonical.startsWith('x-certgate-');
}

function buildFramingFields(head: RequestHead): RawField[] {
  const fields: RawField[] = expectsContinue(head) ? [['Expect', '100-continue']] : [];
  const length = getFieldValues(head.fields, 'content-length')[0];
  if (getFieldValues(head.fields, 'transfer-encoding').length > 0) fields.push(['Transfer-Encoding', 'chunked']);
  else if (length !== undefined) fields.push(['Content-Length', length]);
  // Without this field, Node would announce a chunked body for methods that usually have a body.
  else if (!['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(head.method)) fields.push(['Content-Length', '0']);
  return fields;
}
