import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { denyMissing } from '../certificate-header/certificate-header.js';
import { pemEnd } from '../certificate-header/percent-encoded-pem.js';
import { type Denial, deny } from '../denial.js';
import { extractPemBlock } from './pem-block.js';

/**
 * The keys of an element in the order in which Envoy writes them (source/common/http/conn_manager_utility.cc). It neither
 * quotes nor escapes what it takes from the certificate into `URI` and `DNS`, so a certificate can add pairs of its own
 * there: `Hash`, `Cert` and `Chain` behind them are refused, and so is one that stands twice.
 */
const keyOrder = ['by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns'] as const;

/** Only these stand more than once in an element: a certificate may have several names. */
const repeatable: readonly string[] = ['by', 'uri', 'dns'];

/** A certificate with more names than this has other troubles; it bounds the work on commas and semicolons. */
const maximumPairs = 64;

/** The pairs of one element that are used. `Hash` is not: it is worked out from `Cert`. */
interface Element {
  readonly cert: string | undefined;
  readonly chain: string | undefined;
}

/**
 * `X-Forwarded-Client-Cert` (Envoy's documentation, "HTTP header manipulation"): elements joined by commas, pairs joined by
 * semicolons, values with a comma, a semicolon or an equals sign in double quotes, `\"` for a quote inside. The last element
 * is the nearest hop's. Those before it are what that hop received, so their number must be the expected one.
 */
export function extractForwardedClientCert(text: string, elementCount: number): CertificateExtraction {
  const scan = new ElementScan(text);
  let last: Element | undefined;
  let count = 0;
  do {
    last = scan.readElement();
    count += 1;
    if (last === undefined) return denyMalformed();
    if (count > elementCount) return denyCount(elementCount);
  } while (!scan.isAtEnd());
  return count === elementCount ? extractElement(last) : denyCount(elementCount);
}

function extractElement({ cert, chain }: Element): CertificateExtraction {
  if (cert === undefined) return denyMissing('Cert in x-forwarded-client-cert');
  const extraction = extractPemBlock(cert);
  if (extraction.outcome === 'denied' || chain === undefined) return extraction;
  if (!chain.endsWith(pemEnd)) return denyMalformed();
  return { ...extraction, chain: { text: chain, encoding: 'percent-encoded-pem' } };
}

function denyMalformed(): Denial<'certificate_malformed'> {
  return deny(
    'certificate_malformed',
    'x-forwarded-client-cert is not what Envoy writes: pairs By, Hash, Cert, Chain, Subject, URI, DNS in this order.',
  );
}

function denyCount(elementCount: number): Denial<'certificate_multiple'> {
  return deny(
    'certificate_multiple',
    `x-forwarded-client-cert does not have ${elementCount === 1 ? 'exactly one element' : `exactly ${elementCount} elements`}: a client or another proxy set it too, and the front end keeps that.`,
  );
}

/** Goes through the text once, from quote to quote, and from separator to separator. */
class ElementScan {
  readonly #text: string;
  #index = 0;
  #pairs = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Never true where a comma comes last: an element is expected behind it. */
  isAtEnd(): boolean {
    return this.#index === this.#text.length;
  }

  /** Up to the comma after it, or the end. Undefined where it is malformed. */
  readElement(): Element | undefined {
    let cert: string | undefined;
    let chain: string | undefined;
    let rank = 0;
    let previous = '';
    for (;;) {
      this.#pairs += 1;
      const key = this.#readKey();
      const keyRank = keyOrder.findIndex((known) => known === key);
      const value = key === undefined || keyRank < rank || this.#pairs > maximumPairs ? undefined : this.#readValue();
      if (key === undefined || value === undefined) return undefined;
      if (key === previous && !repeatable.includes(key)) return undefined;
      rank = keyRank;
      previous = key;
      if (key === 'cert') cert = value;
      if (key === 'chain') chain = value;
      if (this.isAtEnd()) return { cert, chain };
      const separator = this.#text[this.#index];
      this.#index += 1;
      if (separator === ',') return this.isAtEnd() ? undefined : { cert, chain };
      // A semicolon with nothing behind it.
      if (separator !== ';' || this.isAtEnd()) return undefined;
    }
  }

  /** Keys have no letter case. */
  #readKey(): string | undefined {
    const equals = this.#text.indexOf('=', this.#index);
    if (equals < 0 || equals - this.#index > maximumKeyLength) return undefined;
    const key = this.#text.slice(this.#index, equals).toLowerCase();
    this.#index = equals + 1;
    return key;
  }

  /** Undefined: a quote is not closed, or stands where none may. */
  #readValue(): string | undefined {
    const start = this.#index;
    if (this.#text[start] !== '"') return this.#readBareValue(start);
    let quote = start;
    do {
      quote = this.#text.indexOf('"', quote + 1);
      if (quote < 0) return undefined;
    } while (this.#isEscaped(quote));
    this.#index = quote + 1;
    const next = this.#text.charAt(this.#index);
    return next === '' || next === ';' || next === ',' ? this.#text.slice(start + 1, quote) : undefined;
  }

  /** By an odd number of backslashes before it. */
  #isEscaped(quote: number): boolean {
    let start = quote;
    while (this.#text[start - 1] === '\\') start -= 1;
    return (quote - start) % 2 === 1;
  }

  #readBareValue(start: number): string | undefined {
    let index = start;
    while (index < this.#text.length) {
      const code = this.#text.charCodeAt(index);
      if (code === comma || code === semicolon) break;
      if (code === doubleQuote) return undefined;
      index += 1;
    }
    this.#index = index;
    return this.#text.slice(start, index);
  }
}

/** `subject` */
const maximumKeyLength = 7;
const comma = 0x2c;
const semicolon = 0x3b;
const doubleQuote = 0x22;
