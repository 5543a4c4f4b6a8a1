import type { GatewayAnswer } from './gateway-exchange.js';
import { getConnectionOptions, getFieldValues, type RawField } from '../../wire/raw-fields.js';

/** What Node's parser let through of a request. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
  readonly fields: readonly RawField[];
}

/**
 * Requests that two servers might read differently, and those the front end has no business with.
 *
 * Node's strict parser already ends, with 400, the connection of: obs-fold, bare CR or LF, NUL, white space in or
 * after a field name, Content-Length that repeats or isn't a number or meets Transfer-Encoding, Transfer-Encoding
 * that repeats, malformed chunks. What it accepts and a front end must not is refused here; the tests hold both.
 */
export function findRequestRefusal(head: RequestHead, maxHeaderCount: number): GatewayAnswer | undefined {
  const { method, httpVersion, fields } = head;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'http-version-not-supported';
  if (fields.length > maxHeaderCount) return 'headers-too-large';
  // TRACE would echo the injected certificate header back to a script in a browser.
  if (method === 'CONNECT' || method === 'TRACE') return 'method-not-supported';
  if (!isOriginForm(head.target)) return 'request-target-invalid';
  if (!hasOneHost(fields)) return 'host-invalid';
  return findFramingRefusal(head) ?? findConnectionRefusal(head);
}

/** No absolute-form, authority-form or `*`: the app would see another target than the one judged here. */
function isOriginForm(target: string): boolean {
  // No fragment either: it never belongs on the wire, and URL parsers behind drop it.
  return /^\/[\x21-\x22\x24-\x7e]*$/.test(target);
}

function hasOneHost(fields: readonly RawField[]): boolean {
  const [host, ...others] = getFieldValues(fields, 'host');
  return others.length === 0 && /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.test(host ?? '');
}

/** RFC 9112 §6.3 lets a recipient guess in some of these cases; here nobody guesses. */
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
  // Removing one of these as "for this connection only" would change what the request means.
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

/** An HTTP/1.0 client can't wait for `100 Continue` (RFC 9110 §10.1.1). */
export function expectsContinue({ httpVersion, fields }: RequestHead): boolean {
  return httpVersion === '1.1' && isContinueExpectation(getFieldValues(fields, 'expect'));
}

/** Whether a body follows; its end is then said by Content-Length or by chunks. */
export function announcesBody(fields: readonly RawField[]): boolean {
  return (
    getFieldValues(fields, 'transfer-encoding').length > 0 ||
    Number(getFieldValues(fields, 'content-length')[0] ?? 0) > 0
  );
}
