import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastGlob from 'fast-glob';
import type { OutsideEndpoint } from './outside-the-gate.js';

/**
 * Methods of a Durable Functions client whose answers contain addresses with a key. A call on `this` is the library's
 * own.
 */
const method =
  /(?<!\bthis\s*)\.\s*(createCheckStatusResponse|createHttpManagementPayload|waitForCompletionOrCreateCheckStatusResponse)\s*\(/g;

/**
 * One line for each file of the app that mentions such a call. Empty unless the app has the webhook of Durable
 * Functions. No function is run, so it is unknown whether the call happens.
 */
export async function listHandedOutKeys(
  folder: string,
  outsideTheGate: readonly OutsideEndpoint[],
): Promise<readonly string[]> {
  const durable = outsideTheGate.find(({ path }) => path === '/runtime/webhooks/durabletask');
  if (durable?.state !== 'live') return [];
  const files = await fastGlob('**/*.{js,cjs,mjs}', {
    cwd: folder,
    ignore: ['**/node_modules/**'],
    followSymbolicLinks: false,
  });
  const notes = files.sort().map(async (file) => {
    const calls = (await readFile(join(folder, file), 'utf8')).matchAll(method);
    const names = [...new Set([...calls].map(([, name]) => name))];
    return names.length === 0
      ? []
      : [
          `${file} mentions a call of ${names.join(', ')}, which answers with addresses below ${durable.path} and their key. Anybody who has such an address gets past the gate, also after "trust remove". Answer with the address of a function instead: docs/app-shapes.md#durable-functions`,
        ];
  });
  return (await Promise.all(notes)).flat();
}
