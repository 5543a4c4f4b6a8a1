import { InvalidArgumentError } from 'commander';
import { decodeText, readBoundedFile, readBoundedStream } from '../../certificates/read-bounded-file.js';
import { readPemBlocks } from '../../certificates/structure/pem-blocks.js';
import { isFieldValue, isToken } from '../../local/client/request-fields.js';
import { ToolFailure } from '../../faults/tool-failure.js';

export function parseMethod(text: string): string {
  if (!isToken(text)) throw new InvalidArgumentError('It must be an HTTP method.');
  return text.toUpperCase();
}

export function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,5}(\.\d{1,3})?$/.test(text) || seconds === 0)
    throw new InvalidArgumentError('It must be seconds, more than 0.');
  return seconds * 1000;
}

export type HeaderFields = Readonly<Record<string, readonly string[]>>;

/** `Name: value`; a name that comes twice is sent twice. */
export function collectHeader(line: string, previous: HeaderFields = {}): HeaderFields {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon).toLowerCase();
  const value = line.slice(colon + 1).trim();
  if (colon < 1 || !isToken(name) || !isFieldValue(value)) {
    throw new InvalidArgumentError('It must be a line like "Name: value".');
  }
  return { ...previous, [name]: [...(previous[name] ?? []), value] };
}

/** `@file` is the file's bytes, `@-` standard input, anything else itself. */
export async function readRequestBody(
  data: string | undefined,
  isStdinTaken: boolean,
): Promise<string | Uint8Array | undefined> {
  if (data?.startsWith('@') !== true) return data;
  if (data !== '@-') return readBoundedFile(data.slice(1));
  if (!isStdinTaken) return readBoundedStream(process.stdin, 'Standard input');
  throw new ToolFailure('Only one of body and password can come from standard input.', {
    remedy: 'Pass the password with --password-file.',
  });
}

/** The file of --cacert. One without a certificate would silently mean "trust nobody". */
export async function readAuthorities(path: string): Promise<string> {
  const text = decodeText(await readBoundedFile(path));
  if (readPemBlocks(text).some(({ label }) => label === 'CERTIFICATE')) return text;
  throw new ToolFailure(`${path} contains no certificate in PEM, so no server could be trusted.`);
}
