import type { GatewayAnswer } from './gateway-exchange.js';
import { getConnectionOptions, getFieldValues, type RawField } from '../../wire/raw-fields.js';

/** A request's head that Node's parser accepted. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
  readonly fields: readonly RawField[];
}

/**
 * Finds the refusal for a request that two servers might read differently, or that a front end does not serve.
 *
 * Node's strict parser already ends the connection with 400 for these: obs-fold, bare CR or LF, NUL, white space in or
 * after a field name, Content-Length that is repeated, is not a number or occurs with Transfer-Encoding, repeated
 * Transfer-Encoding, malformed chunks. This function refuses what the parser accepts but a front end must not. The
 * tests cover both.
 */
export function findRequestRefusal(head: RequestHead, maxHeaderCount: number): GatewayAnswer | undefined {
  const { method, httpVersion, fields } = head;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'http-version-not-supported';
  if (fields.length > maxHeaderCount) return 'headers-too-large';
  // A server that answers TRACE would send the certificate header back to a script in a browser.
  if (method === 'CONNECT' || method === 'TRACE') return 'method-not-supported';
  if (!isOriginForm(head.target)) return 'request-target-invalid';
  if (!hasOneHost(fields)) return 'host-invalid';
  return findFramingRefusal(head) ?? findConnectionRefusal(head);
}

/**
 * Whether the target is in origin form. With absolute form, authority form or `*`, the app would see another target
 * than the one that is judged here.
 */
function isOriginForm(target: string): boolean {
  // A fragment is refused too. It is never part of a request, and URL parsers behind the gateway drop it.
  return /^\/[\x21-\x22\x24-\x7e]*$/.test(target);
}

function hasOneHost(fields: readonly RawField[]): boolean {
  const [host, ...others] = getFieldValues(fields, 'host');
  return others.length === 0 && /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.test(host ?? '');
}

/**
 * Refuses ambiguous lengths of the body. RFC 9112 §6.3 lets a recipient guess in some of these cases, but this gateway
 * never guesses.
 */
function findFramingRefusal({ httpVersion, fields }: RequestHead): GatewayAnswer | undefined {
  const codings = getFieldValues(fields, 'transfer-encoding');
  const lengths = getFieldValues(fields, 'content-length');
  if (codings.length > 0) {
    const chunkedOnly = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked';
    if (!chunkedOnly || lengths.length > 0 || httpVersion === '1.0') return 'transfer-encoding-invalid';
  }
  if (lengths.length > 1 || (lengths[0] !== undefined && !/^\d{1,15}$/.test(lengths[0]))) {
    return 'content-length-invalid';
  }
  return undefined;
}

function findConnectionRefusal({ httpVersion, fields }: RequestHead): GatewayAnswer | undefined {
  if (getFieldValues(fields, 'upgrade').length > 0) return 'upgrade-not-supported';
  // If the gateway removed one of these as a field of the connection, the request would change its meaning.
  const options = getConnectionOptions(fields);
  if (['content-length', 'host', 'transfer-encoding'].some((name) => options.includes(name))) {
    return 'connection-field-invalid';
  }
  const expectations = getFieldValues(fields, 'expect');
  if (httpVersion === '1.1' && expectations.length > 0 && !isContinueExpectation(expectations)) {
    return 'expectation-not-supported';
  }
  return undefined;
}

function isContinueExpectation(expectations: readonly string[]): boolean {
  return expectations.length === 1 && expectations[0]?.toLowerCase() === '100-continue';
}

/** Whether the client waits for `100 Continue`. An HTTP/1.0 client can't (RFC 9110 §10.1.1). */
export function expectsContinue({ httpVersion, fields }: RequestHead): boolean {
  return httpVersion === '1.1' && isContinueExpectation(getFieldValues(fields, 'expect'));
}

/** Whether a body follows, whose end Content-Length or chunks determine. */
export function announcesBody(fields: readonly RawField[]): boolean {
  return (
    getFieldValues(fields, 'transfer-encoding').length > 0 ||
    Number(getFieldValues(fields, 'content-length')[0] ?? 0) > 0
  );
}
