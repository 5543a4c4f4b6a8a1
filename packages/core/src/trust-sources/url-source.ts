import { createHash } from 'node:crypto';
import { invalidArgument } from '@certgate/x509/internal';
import { maximumDocumentLength } from '../trust-document/document-error.js';
import { type HttpsAnswer, getOverHttp } from './http-exchange.js';
import { isSecureUrl, redactUrl } from '../encoding/shown-url.js';
import {
  type TrustReadRequest,
  type TrustSource,
  TrustSourceMisuse,
  type TrustSourceReading,
  rewordReadFault,
} from './trust-source.js';

export interface UrlSourceOptions {
  /**
   * Returns the headers that are sent with every read, e.g. `authorization`. It is called for each read, since tokens
   * expire. It can't set the headers that define the read, such as `if-none-match`, `accept-encoding`, `range` and
   * `host`.
   */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Certification authorities in PEM, which replace those that Node trusts. */
  readonly ca?: string;
}

const maximumSignatureLength = 4096;

const ownHeaders = ['host', 'if-none-match', 'accept-encoding', 'range', 'if-range', 'content-length', 'connection'];

/**
 * Reads a trust document from an HTTPS URL, and its signature from the same URL with `.sig` after the path.
 *
 * @throws {CertgateError} if the text is not an `https:` URL (`http:` is allowed for this machine) or contains user
 * information, or if an option has the wrong type.
 */
export function createUrlSource(text: string | undefined, options: UrlSourceOptions): TrustSource {
  checkOptions(options);
  const url = readUrl(text);
  if (url === undefined) {
    const misuse = new TrustSourceMisuse(
      'The trust document has no URL; is the environment variable that contains it set?',
    );
    return { description: 'URL (none)', read: () => Promise.reject(misuse) };
  }
  const place = redactUrl(url);
  const signatureUrl = new URL(url);
  signatureUrl.pathname += '.sig';
  return {
    description: `URL ${place}`,
    configuration: describeConfiguration(url, place, options),
    signatureDescription: `URL ${redactUrl(signatureUrl)}`,
    read: async (request) => readDocument(url, signatureUrl, options, request),
  };
}

/**
 * Checks each option that is present, even if its value is undefined. If the app setting behind `ca` is missing, the
 * app must not trust every authority that Node trusts.
 */
function checkOptions(options: UrlSourceOptions): void {
  const { headers, ca } = options as Readonly<Record<string, unknown>>;
  if ('headers' in options && typeof headers !== 'function') {
    throw invalidArgument('headers must be a function that gives the headers.');
  }
  if ('ca' in options && (typeof ca !== 'string' || !ca.includes('-----BEGIN CERTIFICATE-----'))) {
    throw invalidArgument('ca must be certificates in PEM.');
  }
}

function readUrl(text: string | undefined): URL | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  // The text is not repeated: if it can't be read, any part of it may be the secret.
  if (!URL.canParse(text)) throw invalidArgument('trustStoreFromUrl takes a URL, e.g. https://example.com/trust.json.');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw invalidArgument(`The URL of the trust document (${url.host}) holds a user name or password; use headers.`);
  }
  if (!isSecureUrl(url)) {
    throw invalidArgument(
      `The trust document's URL must begin with https: (${redactUrl(url)}); http: is for this machine only.`,
    );
  }
  url.hash = '';
  return url;
}

/** Identifies the URL and the `ca`. Undefined if `headers` is given, because functions can't be compared. */
function describeConfiguration(url: URL, place: string, { headers, ca }: UrlSourceOptions): string | undefined {
  if (headers !== undefined) return undefined;
  // The query may be a key. The hash distinguishes two queries without showing them.
  const hash = createHash('sha256').update(JSON.stringify([url.href, ca ?? null]));
  return `URL ${place} ${hash.digest('hex')}`;
}

async function readDocument(
  url: URL,
  signatureUrl: URL,
  options: UrlSourceOptions,
  { lastVersion, signal, withSignature }: TrustReadRequest,
): Promise<TrustSourceReading> {
  const { ca } = options;
  const headers = await askForHeaders(options);
  const conditional = lastVersion === undefined ? headers : { ...headers, 'if-none-match': lastVersion };
  const answer = await get(url, { headers: conditional, ca, signal, maximumLength: maximumDocumentLength });
  if (answer.status === 304 && lastVersion !== undefined) return { changed: false };
  const bytes = getBody(url, answer);
  const version = answer.headers.etag;
  if (!withSignature) return { changed: true, bytes, version };
  const signed = await get(signatureUrl, { headers, ca, signal, maximumLength: maximumSignatureLength });
  if (signed.status === 404) return { changed: true, bytes, version };
  const signature = Buffer.from(getBody(signatureUrl, signed)).toString('latin1');
  return { changed: true, bytes, version, signature };
}

async function askForHeaders({ headers }: UrlSourceOptions): Promise<Readonly<Record<string, string>>> {
  const given = Object.entries((await headers?.()) ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  const own = given.find(([name]) => ownHeaders.includes(name));
  if (own !== undefined) throw new Error(`headers must not give "${own[0]}"`);
  return { accept: 'application/json', ...Object.fromEntries(given), 'accept-encoding': 'identity' };
}

async function get(url: URL, options: Parameters<typeof getOverHttp>[1]): Promise<HttpsAnswer> {
  try {
    return await getOverHttp(url, options);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'no answer';
    throw rewordReadFault(error, message.startsWith(redactUrl(url)) ? message : `${redactUrl(url)}: ${message}`);
  }
}

function getBody(url: URL, { status, headers, body }: HttpsAnswer): Uint8Array {
  if (body !== undefined) return body;
  throw new Error(`${redactUrl(url)} answered ${status}${describeStatus(url, status, headers.location)}`);
}

function describeStatus(url: URL, status: number, location: string | undefined): string {
  if (status === 401 || status === 403) return ': the app may not read it; look at the key in its query or its headers';
  if (status === 404) return ': it is not there';
  if (status === 304) return ', though nothing was asked for conditionally';
  if (status < 300 || status > 399 || location === undefined || !URL.canParse(location, url.href)) return '';
  return `, a redirect to ${redactUrl(new URL(location, url))}; redirects are not followed: give the last URL`;
}
