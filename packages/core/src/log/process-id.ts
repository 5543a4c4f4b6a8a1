import { randomBytes } from 'node:crypto';

let named: { readonly start: string; readonly id: string } | undefined;

/**
 * The id of this process: 16 random hexadecimal digits, made when they are first needed. `randomBytes` keeps no random
 * bytes in advance, but `randomUUID` does.
 *
 * Node restores a start-up snapshot with everything in memory. An id that was made while the snapshot was built would
 * be shared by all processes that start from it, so the id belongs to one start time. The `pid` alone would not do,
 * because all containers may have the same one. A forked process loads this file anew, and so does a worker thread,
 * which has a gate of its own.
 */
export function nameProcess(): string {
  const start = `${process.pid} ${performance.timeOrigin}`;
  if (named?.start !== start) named = { start, id: randomBytes(8).toString('hex') };
  return named.id;
}
