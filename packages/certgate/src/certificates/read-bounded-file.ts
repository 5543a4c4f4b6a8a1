import { open } from 'node:fs/promises';
import { CommandFailure } from '../command-line/command-failure.js';

/** Certificates, keys and passwords are small; nothing this tool opens comes near it. */
export const maximumFileBytes = 1_048_576;

/** Reads a regular file of at most 1 MiB. Throws CommandFailure with words for each way it can go wrong. */
export async function readBoundedFile(path: string): Promise<Buffer> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw explainFault(path, cause);
  });
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new CommandFailure(`${path} is a folder, not a file.`);
    if (stats.size > maximumFileBytes) throw tooLarge(path);
    return await readToEnd(path, file);
  } catch (cause) {
    throw cause instanceof CommandFailure ? cause : explainFault(path, cause);
  } finally {
    await file.close();
  }
}

/** A pipe (`<(…)`, a named pipe) has no size before it has ended. */
async function readToEnd(path: string, file: Awaited<ReturnType<typeof open>>): Promise<Buffer> {
  const stream = file.createReadStream({ autoClose: false });
  return readBoundedStream(stream, path);
}

export async function readBoundedStream(stream: AsyncIterable<unknown>, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : (chunk as Buffer);
    length += bytes.length;
    if (length > maximumFileBytes) throw tooLarge(name);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string): CommandFailure {
  return new CommandFailure(`${name} is larger than 1 MiB.`, {
    remedy: 'Name the file of a single certificate, key or password.',
  });
}

function explainFault(path: string, cause: unknown): CommandFailure {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new CommandFailure(`There is no file ${path}.`, { cause });
    case 'EISDIR':
      return new CommandFailure(`${path} is a folder, not a file.`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new CommandFailure(`${path} may not be read by this user.`, { cause });
    default:
      return new CommandFailure(`${path} can't be read: ${(cause as Error).message}`, { cause });
  }
}
