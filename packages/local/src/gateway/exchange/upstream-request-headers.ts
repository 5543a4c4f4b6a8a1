/**
 * The header section that the app receives: what the client sent, minus what ends at this hop or belongs to the
 * front end, plus what the front end adds. In this order, so that no `Connection` option removes an added field.
 */
import { secretHeaderName } from '@certgate/core/internal';
import type { PlayedFrontEnd, PresentedCertificate, RequestFacts } from './played-front-end.js';
import { canonicalizeFieldName, getFieldValues, removeHopByHopFields, type RawField } from '../../wire/raw-fields.js';
import { expectsContinue, type RequestHead } from './request-refusals.js';

/** Written anew from what the parser understood, so that another spelling of them can't say something else. */
const framingNames: ReadonlySet<string> = new Set(['content-length', 'expect', 'host', 'transfer-encoding']);

/** The field that only a gateway and its upstream know. */
export interface UpstreamToken {
  readonly name: string;
  readonly value: string;
}

export interface ForwardingFacts extends Omit<RequestFacts, 'head' | 'host'> {
  readonly frontEnd: PlayedFrontEnd;
  /** Undefined when the app is to see none. */
  readonly certificate: PresentedCertificate | undefined;
  /** What shows the app that a request came by this front end. */
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
  // Without it Node would announce a chunked body for methods that usually have one.
  else if (!['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(head.method)) fields.push(['Content-Length', '0']);
  return fields;
}
