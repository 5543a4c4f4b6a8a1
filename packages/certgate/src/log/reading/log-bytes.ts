import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { hasCode, messageOf, ToolFailure } from '#local/tool-failure.js';

/** A file's path, or `-` for standard input. */
export type LogFile = string;

export function nameFile(file: LogFile): string {
  return file === '-' ? 'standard input' : file;
}

const chunkLength = 262_144;
/** The number of bytes that suffices to recognize an encoding and an export's form. */
const headLength = 4096;

/**
 * The text of a file as UTF-8, in pieces that may end anywhere; the first one has at least the bytes that show the
 * file's form. A piece is valid only until the next one is asked for. UTF-16, as PowerShell 5's `>` writes it, and gzip
 * are read as well.
 */
export async function* readLogBytes(file: LogFile, noteGap: (gap: string) => void): AsyncGenerator<Buffer> {
  const bytes = file === '-' ? readStandardInput() : readFile(file);
  const [head, all] = await takeHead(bytes);
  if (head[0] === 0x1f && head[1] === 0x8b) yield* decompress(all, noteGap);
  else yield* decode(head, all);
}

async function* readStandardInput(): AsyncGenerator<Buffer> {
  for await (const chunk of process.stdin) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
}

/** Reads a file into one buffer, again and again. The pieces that a stream allocates would stay in memory for long. */
async function* readFile(path: string): AsyncGenerator<Buffer> {
  const handle = await open(path).catch((cause: unknown) => {
    throw explainFault(path, cause);
  });
  try {
    yield* readHandle(handle);
  } catch (cause) {
    throw explainFault(path, cause);
  } finally {
    await handle.close();
  }
}

/**
 * The buffer of an earlier file, for the next one. There may be thousands of files, and a buffer for each would be
 * freed late.
 */
let spareBuffer: Buffer | undefined;

/** Reads as many bytes as a regular file had at first, because reading a file that grows faster would never end. */
async function* readHandle(handle: FileHandle): AsyncGenerator<Buffer> {
  const stats = await handle.stat();
  let left = stats.isFile() ? stats.size : Number.POSITIVE_INFINITY;
  const buffer = spareBuffer ?? Buffer.allocUnsafeSlow(chunkLength);
  spareBuffer = undefined;
  try {
    while (left > 0) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(chunkLength, left), null);
      if (bytesRead === 0) return;
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    spareBuffer = buffer;
  }
}

/**
 * The first bytes, and all bytes from the beginning. Several pieces are joined if necessary, because a pipe may deliver
 * single bytes.
 */
async function takeHead(bytes: AsyncGenerator<Buffer>): Promise<readonly [Buffer, AsyncGenerator<Buffer>]> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < headLength) {
    const next = await bytes.next();
    if (next.done === true) break;
    // A short piece is copied, because the next one would overwrite it.
    head = head.length === 0 && next.value.length >= headLength ? next.value : Buffer.concat([head, next.value]);
  }
  return [head, join(head, bytes)];
}

async function* join(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* rest;
}

async function* decompress(bytes: AsyncGenerator<Buffer>, noteGap: (gap: string) => void): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const feeding = feed(bytes, gunzip);
  try {
    const [head, all] = await takeHead(readChunks(gunzip));
    yield* decode(head, all);
    await feeding;
  } catch (cause) {
    if (!hasCode(cause, 'Z_BUF_ERROR', 'Z_DATA_ERROR')) throw cause;
    noteGap(`It can't be decompressed to its end: ${messageOf(cause)}.`);
  }
}

async function* readChunks(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield chunk as Buffer;
}

/** Writes the bytes into `gunzip`. Each piece is copied, because all pieces of a file share one buffer. */
async function feed(bytes: AsyncGenerator<Buffer>, gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const chunk of bytes) {
      if (gunzip.destroyed) return;
      if (!gunzip.write(Buffer.from(chunk))) {
        await new Promise((resolve) => {
          gunzip.once('drain', resolve).once('close', resolve);
        });
      }
    }
    gunzip.end();
  } catch (fault) {
    gunzip.destroy(fault as Error);
  }
}

async function* decode(head: Buffer, bytes: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const encoding = findWideEncoding(head);
  if (encoding === undefined) {
    let isFirst = true;
    for await (const chunk of bytes) {
      const mark = isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? 3 : 0;
      isFirst = false;
      yield chunk.subarray(mark);
    }
    return;
  }
  // The decoder drops the byte order mark.
  const decoder = new TextDecoder(encoding);
  for await (const chunk of bytes) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}

/**
 * Recognizes UTF-16 by its byte order mark, or without one by the zero in the first character's two bytes. Undefined if
 * neither shows it.
 */
function findWideEncoding([first = 1, second = 1]: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  return (first === 0xfe && second === 0xff) || (first === 0 && second !== 0) ? 'utf-16be' : undefined;
}

function explainFault(path: string, cause: unknown): ToolFailure {
  if (cause instanceof ToolFailure) return cause;
  if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return new ToolFailure(`There is no file ${path}.`, { cause });
  if (hasCode(cause, 'EACCES', 'EPERM')) return new ToolFailure(`${path} may not be read by this user.`, { cause });
  return new ToolFailure(`${path} can't be read: ${messageOf(cause)}.`, { cause });
}
