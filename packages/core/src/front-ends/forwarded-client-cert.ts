import { denyMissing } from '../certificate-header/certificate-header.js';
import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { pemEnd } from '../certificate-header/percent-encoded-pem.js';
import { type Denial, deny } from '../denial.js';
import { extractPemBlock } from './pem-block.js';

/**
 * The keys of an element, spelled as Envoy spells them and in the order in which it writes them
 * (source/common/http/conn_manager_utility.cc). Envoy quotes three values. It neither quotes nor escapes what it copies
 * from the certificate into `URI` and `DNS`, so a certificate can add pairs of its own there. Therefore `Hash`, `Cert`
 * and `Chain` after those keys are refused, and so is a second one.
 */
const keyOrder = ['By', 'Hash', 'Cert', 'Chain', 'Subject', 'URI', 'DNS'] as const;

type Key = (typeof keyOrder)[number];

/** Only these keys may occur several times in an element, because a certificate may have several names. */
const repeatable: readonly Key[] = ['By', 'URI', 'DNS'];

/** Behind these keys, a certificate can add a whole element, with a comma and a `Cert` of its choice. */
const forgeable: readonly Key[] = ['URI', 'DNS'];

/**
 * The most pairs of all elements. Certificates of callers hardly have so many names, and the limit bounds the work on
 * commas and semicolons.
 */
const maximumPairs = 32;

/**
 * The longest header, in characters: a leaf, its chain, and names. Envoy's own limit for all headers of a request is 60
 * KiB by default.
 */
const maximumLength = 61_440;

/** The pairs of one element that are used. `Hash` is not used, because it can be computed from `Cert`. */
interface Element {
  readonly cert: string | undefined;
  readonly chain: string | undefined;
  /** Whether the element's certificate may have written the text that follows the element. */
  readonly isForgeable: boolean;
}

/**
 * Finds the certificate in `X-Forwarded-Client-Cert` (Envoy's documentation, "HTTP header manipulation"): elements
 * joined by commas, pairs joined by semicolons. The last element comes from the nearest hop. The elements before it are
 * what that hop received, so their number must be the expected one, and none of them may have `URI` or `DNS`. Otherwise
 * a name in the caller's certificate could split the nearest hop's own element, and its second half would be taken for
 * the last element.
 */
export function extractForwardedClientCert(text: string, elementCount: number): CertificateExtraction {
  if (text.length > maximumLength) {
    const header = 'x-forwarded-client-cert';
    return deny('certificate_too_large', { header, length: text.length, limit: maximumLength });
  }
  const scan = new ElementScan(text);
  for (let count = 1; ; count += 1) {
    const element = scan.readElement();
    if (element === undefined)
      return jsonStart.test(text) ? deny('certificate_malformed', { problem: 'forwarded_json' }) : denyMalformed();
    if (count === elementCount) return scan.isAtEnd() ? extractElement(element) : denyCount(elementCount);
    if (scan.isAtEnd()) return denyCount(elementCount);
    if (element.isForgeable) return deny('certificate_malformed', { problem: 'forwarded_elements_forgeable' });
  }
}

function extractElement({ cert, chain }: Element): CertificateExtraction {
  if (cert === undefined) return denyMissing('Cert in x-forwarded-client-cert');
  const extraction = extractPemBlock(cert);
  if (extraction.outcome === 'denied' || chain === undefined) return extraction;
  if (!chain.endsWith(pemEnd)) return denyMalformed();
  const { outcome, leaf, encoding } = extraction;
  return { outcome, leaf, encoding, chain: { text: chain, encoding: 'percent-encoded-pem' } };
}

/**
 * The beginning of JSON. Envoy has had `format: JSON` since 2026 (http_connection_manager.proto,
 * ForwardClientCertFormat).
 */
const jsonStart = /^[[{]/;

function denyMalformed(): Denial<'certificate_malformed'> {
  return deny('certificate_malformed', { problem: 'not_forwarded_elements' });
}

function denyCount(elementCount: number): Denial<'certificate_multiple'> {
  return deny('certificate_multiple', { expectedElements: elementCount });
}

/** Reads the text once, from quote to quote and from separator to separator. */
class ElementScan {
  readonly #text: string;
  #index = 0;
  #pairs = 0;
  #comma = -1;
  #semicolon = -1;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether all of the text was read. Never true after a comma, because another element must follow it. */
  isAtEnd(): boolean {
    return this.#index === this.#text.length;
  }

  /** Reads an element up to the comma after it, or to the end. Undefined if the element is malformed. */
  readElement(): Element | undefined {
    let cert: string | undefined;
    let chain: string | undefined;
    let rank = 0;
    for (;;) {
      this.#pairs += 1;
      const found = this.#pairs > maximumPairs ? undefined : this.#readKey(rank);
      const key = found === undefined ? undefined : keyOrder[found];
      const value = key === undefined ? undefined : this.#readValue(key);
      if (found === undefined || key === undefined || value === undefined) return undefined;
      rank = repeatable.includes(key) ? found : found + 1;
      if (key === 'Cert') cert = value;
      if (key === 'Chain') chain = value;
      const separator = this.#text[this.#index];
      const isForgeable = forgeable.includes(key);
      if (separator === undefined) return { cert, chain, isForgeable };
      this.#index += 1;
      // Something must follow each separator.
      if (this.isAtEnd()) return undefined;
      if (separator === ',') return { cert, chain, isForgeable };
      if (separator !== ';') return undefined;
    }
  }

  /** Reads a key and returns its place in the order. Keys before `rank` are not allowed any more. */
  #readKey(rank: number): number | undefined {
    const equals = this.#text.indexOf('=', this.#index);
    if (equals < 0 || equals - this.#index > maximumKeyLength) return undefined;
    const name = this.#text.slice(this.#index, equals);
    // There are few enough keys to compare them one by one.
    for (let index = rank; index < keyOrder.length; index += 1) {
      if (keyOrder[index] !== name) continue;
      this.#index = equals + 1;
      return index;
    }
    return undefined;
  }

  #readValue(key: Key): string | undefined {
    switch (key) {
      case 'Cert':
      case 'Chain':
        // The value is percent-encoded, so it contains no escaped quote.
        return this.#readQuoted(this.#text.indexOf('"', this.#index + 1));
      case 'Subject':
        return this.#readQuoted(this.#findUnescapedQuote(this.#index + 1));
      case 'Hash':
        return this.#readBare(this.#index + digestLength, hexadecimalDigest);
      default:
        return this.#readBare(this.#findSeparator(), bareText);
    }
  }

  /** `end` is where the closing quote is, or -1. Undefined if a quote is missing. */
  #readQuoted(end: number): string | undefined {
    const start = this.#index;
    if (end < 0 || this.#text[start] !== '"') return undefined;
    this.#index = end + 1;
    return this.#text.slice(start + 1, end);
  }

  /** Finds the closing quote of a name in the form of RFC 4514, where a backslash escapes quotes and backslashes. */
  #findUnescapedQuote(start: number): number {
    let quote = start - 1;
    for (let count = 0; count < maximumQuotes; count += 1) {
      quote = this.#text.indexOf('"', quote + 1);
      const backslashes = quote < 0 ? maximumQuotes : this.#countBackslashes(quote);
      // Names hardly have so many backslashes. If their number were not known to be even or odd, a caller could move
      // the end of the value.
      if (backslashes === maximumQuotes) return -1;
      if (backslashes % 2 === 0) return quote;
    }
    return -1;
  }

  /** How many backslashes are right before a quote, up to `maximumQuotes`. */
  #countBackslashes(quote: number): number {
    let start = quote;
    while (this.#text[start - 1] === '\\' && quote - start < maximumQuotes) start -= 1;
    return quote - start;
  }

  /**
   * Finds the next comma or semicolon, or the end of the text. Each of the two is searched for again only behind the
   * place where it was found last.
   */
  #findSeparator(): number {
    const start = this.#index;
    if (this.#comma < start) this.#comma = findOrEnd(this.#text, ',', start);
    if (this.#semicolon < start) this.#semicolon = findOrEnd(this.#text, ';', start);
    return Math.min(this.#comma, this.#semicolon);
  }

  #readBare(end: number, pattern: RegExp): string | undefined {
    const start = this.#index;
    this.#index = end;
    if (end - start > maximumNameLength || end > this.#text.length) return undefined;
    const value = this.#text.slice(start, end);
    return pattern.test(value) ? value : undefined;
  }
}

function findOrEnd(text: string, separator: string, start: number): number {
  const index = text.indexOf(separator, start);
  return index < 0 ? text.length : index;
}

/** The length of `Subject`. */
const maximumKeyLength = 7;

/**
 * The most escaped quotes, and the most backslashes in a row, that are read. A name has a few, and the limit bounds the
 * work on them.
 */
const maximumQuotes = 256;

/** The longest name, in characters. SPIFFE IDs have up to 2,048 octets, and other names normally fewer. */
const maximumNameLength = 2048;

const digestLength = 64;
const hexadecimalDigest = /^[0-9a-f]*$/;
const bareText = /^[^"]*$/;
