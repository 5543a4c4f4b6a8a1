import { open, stat } from 'node:fs/promises';
import { ToolFailure } from '#local/tool-failure.js';

/** The default limit. Certificates, keys and passwords are much smaller. */
const maximumFileBytes = 1_048_576;

/**
 * Reads a file of at most 1 MiB, or of at most `maximumBytes`. Throws ToolFailure with an explanation if that fails.
 */
export async function readBoundedFile(path: string, maximumBytes: number = maximumFileBytes): Promise<Buffer> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw explainFault(path, cause);
  });
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new ToolFailure(`${path} is a folder, not a file.`);
    if (stats.size > maximumBytes) throw tooLarge(path, maximumBytes);
    return await readToEnd(path, file, maximumBytes);
  } catch (cause) {
    throw cause instanceof ToolFailure ? cause : explainFault(path, cause);
  } finally {
    await file.close();
  }
}

/** Whether the path, with links followed, leads to something other than a folder. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => !stats.isDirectory(),
    () => false,
  );
}

/** Checks the size while it reads, because a pipe (`<(…)`, a named pipe) has no size before it has ended. */
async function readToEnd(path: string, file: Awaited<ReturnType<typeof open>>, maximumBytes: number): Promise<Buffer> {
  const stream = file.createReadStream({ autoClose: false });
  return readBoundedStream(stream, path, maximumBytes);
}

export async function readBoundedStream(
  stream: AsyncIterable<unknown>,
  name: string,
  maximumBytes: number = maximumFileBytes,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : (chunk as Buffer);
    length += bytes.length;
    if (length > maximumBytes) throw tooLarge(name, maximumBytes);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string, maximumBytes: number): ToolFailure {
  const remedy = 'Name the file of a single certificate, key or password.';
  return new ToolFailure(`${name} is larger than ${Math.floor(maximumBytes / 1_048_576)} MiB.`, {
    ...(maximumBytes === maximumFileBytes ? { remedy } : {}),
  });
}

function explainFault(path: string, cause: unknown): ToolFailure {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ToolFailure(`There is no file ${path}.`, { cause });
    case 'EISDIR':
      return new ToolFailure(`${path} is a folder, not a file.`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new ToolFailure(`${path} may not be read by this user.`, { cause });
    default:
      return new ToolFailure(`${path} can't be read: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Decodes text as editors and shells write it: UTF-8 with or without a byte order mark, or UTF-16 as PowerShell 5's `>`
 * writes it.
 */
export function decodeText(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  // TextDecoder drops the byte order mark.
  return new TextDecoder(encoding).decode(bytes);
}

/** Whether the bytes are only printable ASCII, tabs and line ends. */
export function isText(bytes: Uint8Array): boolean {
  return bytes.every((octet) => octet === 0x09 || octet === 0x0a || octet === 0x0d || (octet >= 0x20 && octet < 0x7f));
}
