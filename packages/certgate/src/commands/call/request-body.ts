import { decodeText, readBoundedFile, readBoundedStream } from '../../certificates/read-bounded-file.js';
import { readPemBlocks } from '../../certificates/structure/pem-blocks.js';
import { ToolFailure } from '../../faults/tool-failure.js';

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
