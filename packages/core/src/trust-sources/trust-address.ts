import { fileURLToPath } from 'node:url';
import { isSecureUrl, isLoopbackHost, redactUrl } from '../encoding/shown-url.js';
import { findUnresolvedReference } from './app-setting-source.js';

/**
 * The place of a trust document, which is one text that app settings and the command line share: a path, `file:PATH`,
 * `https://…`, or `blob:https://account.blob.core.windows.net/container/trust.json`.
 */
export type TrustAddress =
  | { readonly kind: 'file'; /** The path as written, relative or absolute. */ readonly path: string }
  | { readonly kind: 'url'; /** Its query may be a key: see `showTrustAddress`. */ readonly url: string }
  | { readonly kind: 'blob'; readonly blob: BlobAddress };

/** A blob in Azure Storage, as an address names it. */
export interface BlobAddress {
  /** The blob's URL without a query or fragment, so it contains no secret. */
  readonly url: string;
  readonly account: string;
  readonly container: string;
  readonly isLoopback: boolean;
  /** Whether the host is one of Azure's own, to which a token of Microsoft Entra may be sent. */
  readonly isAzure: boolean;
}

/**
 * Why a text is not an address. Neither `message` nor `remedy` repeats the text, since any part of it may be a secret.
 */
export interface TrustAddressRefusal {
  readonly kind: 'refused';
  /**
   * `absent`: there is no text, or only white space. `document`: the text is a trust document, and not its address.
   * `unusable`: anything else.
   */
  readonly code: 'absent' | 'document' | 'unusable';
  readonly message: string;
  /** What to write instead. */
  readonly remedy: string;
}

/** Parses the text. Refuses a text that two readers could understand differently. Never throws. */
export function parseTrustAddress(text: string | undefined): TrustAddress | TrustAddressRefusal {
  if (typeof text !== 'string' || text.trim() === '') {
    return refuse('There is no address of a trust document.', `Write one, e.g. ${examples}.`, 'absent');
  }
  const refusal = findGeneralRefusal(text);
  if (refusal !== undefined) return refusal;
  const [, scheme, rest = ''] = schemePattern.exec(text) ?? [];
  switch (scheme?.toLowerCase()) {
    case undefined:
      return readPath(text);
    case 'file':
      return readFileAddress(rest, text);
    case 'blob':
      return readBlobAddress(rest);
    case 'https':
    case 'http':
      return readUrlAddress(text);
    default:
      return refuse(
        'The address begins with a scheme other than file:, https: and blob:.',
        `Write an address such as ${examples}; a path that has a colon in its name begins with ./`,
      );
  }
}

/** The address for messages and logs, without the query. */
export function showTrustAddress(address: TrustAddress): string {
  switch (address.kind) {
    case 'file':
      return `file:${address.path}`;
    case 'url':
      return redactUrl(new URL(address.url));
    case 'blob':
      return `blob:${address.blob.url}`;
  }
}

const examples = 'trust.json or blob:https://account.blob.core.windows.net/container/trust.json';
const blobExample = 'blob:https://account.blob.core.windows.net/container/trust.json';

/** A scheme has at least two characters, because one letter before a colon is a drive of Windows. */
const schemePattern = /^([a-z][a-z0-9+.-]+):(.*)$/is;

const azureHost =
  /^(?<account>[a-z0-9]{3,24})(?:-secondary)?(?:\.z\d{1,2})?\.blob\.(?:core\.windows\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net|storage\.azure\.net)$/;

function refuse(message: string, remedy: string, code: TrustAddressRefusal['code'] = 'unusable'): TrustAddressRefusal {
  return { kind: 'refused', code, message, remedy };
}

function findGeneralRefusal(text: string): TrustAddressRefusal | undefined {
  // A byte order mark may come first.
  if (/^[\s\uFEFF]*[{[]/.test(text)) {
    return refuse(
      'This is a trust document, and its address is expected here.',
      "Write the address of a file or a blob that holds it; or read the document from an app setting by trustStoreFromAppSetting('NAME_OF_THE_SETTING').",
      'document',
    );
  }
  const unresolved = findUnresolvedReference(text);
  if (unresolved !== undefined) {
    const { reference, question } = unresolved;
    return refuse(
      `Azure could not resolve the ${reference} reference in the app setting.`,
      `The portal shows the reason beside the setting: ${question}?`,
    );
  }
  if (/^\s|\s$|[\p{Cc}\p{Zl}\p{Zp}\uFEFF]/u.test(text)) {
    return refuse(
      'The address begins or ends with a space, or has a line end or another control character in it.',
      'Write it in one line, without quotation marks or spaces around it.',
    );
  }
  if (/^["'].*["']$/.test(text)) return refuse('The address is in quotation marks.', 'Write it without them.');
  if (/(?:AccountKey|AccountName|SharedAccessSignature|BlobEndpoint)=/i.test(text)) {
    return refuse(
      'This is a connection string of a storage account, which is not used.',
      `Write the blob's URL, e.g. ${blobExample}, and give who reads it a role.`,
    );
  }
  return undefined;
}

function readPath(path: string): TrustAddress | TrustAddressRefusal {
  // A text with such a host, read like a path, would name a file that is hardly meant.
  const [host = ''] = path.split(/[/:?]/, 1);
  if (azureHost.test(host.toLowerCase())) {
    return refuse('The address names a host without https:.', `For a blob, write ${blobExample}`);
  }
  if (path.startsWith('//')) {
    return refuse('The address begins with // and no scheme.', 'Write https://… for a URL, /… for a path.');
  }
  if (path.includes('?')) {
    return refuse(
      'The address has a question mark and no scheme, so it is neither a path nor a URL.',
      'Write https://… for a URL. A file that has one in its name is read by trustStoreFromFile.',
    );
  }
  return { kind: 'file', path };
}

function readFileAddress(rest: string, text: string): TrustAddress | TrustAddressRefusal {
  if (rest.trim() === '') return refuse('After file: there is no path.', 'Write file:trust.json');
  if (schemePattern.test(rest)) {
    return refuse('After file: there is another scheme.', 'Write one of the two: file:trust.json, https://… or blob:…');
  }
  if (/^\s/.test(rest)) return refuse('After file: there is a space.', 'Write file:trust.json');
  if (rest.startsWith('//')) return readFileUrl(text);
  // A reader of URLs would decode this path: to it, %20 is a space.
  if (rest.startsWith('/') && /%[0-9a-f]{2}/i.test(rest)) {
    return refuse(
      'After file: there is a path with a percent sign, which can be read in two ways.',
      'Write only the path, as it is; or a whole URL that begins with file:///',
    );
  }
  return readPath(rest);
}

function readFileUrl(text: string): TrustAddress | TrustAddressRefusal {
  const refusal = refuse(
    'The file URL names another machine, has a query or fragment, or is not a path of this machine.',
    'Write the path behind file: without slashes before it, e.g. file:trust.json, or file:/home/app/trust.json',
  );
  if (/[?#\\]/.test(text) || hasDotSegment(text) || !URL.canParse(text)) return refusal;
  const url = new URL(text);
  if (url.host !== '') return refusal;
  try {
    const path = fileURLToPath(url);
    return /[\p{Cc}\p{Zl}\p{Zp}]/u.test(path) ? refusal : { kind: 'file', path };
  } catch {
    return refusal;
  }
}

function readUrlAddress(text: string): TrustAddress | TrustAddressRefusal {
  const url = readPlainUrl(text);
  if ('kind' in url) return url;
  if (azureHost.test(url.hostname) && url.search === '') {
    return refuse(
      'The address is only the URL of the blob, so it would be read without a login.',
      'Write blob: before https:, so that the app signs in by its managed identity.',
    );
  }
  // A query whose question mark is missing or escaped is part of the path, which is shown.
  if (/%3f|\bsig=/i.test(url.pathname)) {
    return refuse(
      'The URL has a query whose question mark is missing or escaped.',
      'Copy the URL again, in quotation marks on a command line.',
    );
  }
  // Removes a question mark that is followed by nothing.
  if (url.search === '') url.search = '';
  return { kind: 'url', url: url.href };
}

/** Reads a URL that means the same place to every reader, and whose answer can't be changed on the way. */
function readPlainUrl(text: string): URL | TrustAddressRefusal {
  if (!/^https?:\/\/[^/\\]/i.test(text) || /[\s\\]/.test(text) || !URL.canParse(text)) {
    return refuse('This is not a URL of a trust document.', 'Write it whole, e.g. https://example.com/trust.json');
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/?#]*@/i.test(text)) {
    return refuse(
      'The URL holds a user name or a password, which is not used.',
      'Write the URL without it. Headers with a token are an option of trustStoreFromUrl.',
    );
  }
  if (text.includes('#')) return refuse('The URL has a fragment (#).', 'Leave it out; a # in a name is written %23.');
  if (!isSecureUrl(url)) {
    return refuse('The URL begins with http:.', 'Write https:. Plain http: is for this machine only.');
  }
  if (hasDotSegment(text.split('?', 1)[0] ?? '')) {
    return refuse('The URL has . or .. in its path.', 'Write the path that is meant.');
  }
  return url;
}

function hasDotSegment(text: string): boolean {
  return /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(text);
}

/**
 * `https://account.blob.core.windows.net/container/name.json`, or Azurite's on this machine:
 * `http://127.0.0.1:10000/devstoreaccount1/container/name.json`.
 */
function readBlobAddress(text: string): TrustAddress | TrustAddressRefusal {
  // Also matches a query whose question mark was escaped or lost on the way.
  if (/[?#]|%3f|\bsig=/i.test(text)) {
    return refuse(
      'The URL after blob: has a query (a shared access signature?), and an address must not have secrets.',
      `Write the URL without it, e.g. ${blobExample}. The app signs in by its managed identity; certgate takes credentials from az login or the environment.`,
    );
  }
  const url = readPlainUrl(text);
  if ('kind' in url) return { ...url, remedy: `${url.remedy} A blob: ${blobExample}` };
  const names = url.pathname.slice(1).split('/');
  const azure = azureHost.exec(url.hostname);
  const isLoopback = isLoopbackHost(url.hostname);
  // Only Azurite, on this machine, has the account in the path.
  const account = azure?.groups?.['account'] ?? (isLoopback ? names.shift() : url.hostname.split('.', 1)[0]);
  const [container, ...blob] = names;
  if (!account || !container || blob.join('') === '' || blob.at(-1) === '') {
    return refuse('The URL after blob: must name a container and a blob in it.', `Write ${blobExample}`);
  }
  const isAzure = azure !== null && url.protocol === 'https:';
  return { kind: 'blob', blob: { url: url.href, account, container, isLoopback, isAzure } };
}
