/** Which `certgate dev` keeps an app running. A file in the app's development folder says so. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findJsonObject } from '#local/json-file.js';
import { ToolFailure, hasCode } from '#local/tool-failure.js';
import { replaceFile } from './development-files.js';
import { isFree } from './listening-port.js';

const fileName = 'running.json';

/** Notes that this process runs the app at the URL. The function returned removes the note. */
export async function noteRunning(developmentFolder: string, url: string): Promise<() => Promise<void>> {
  const file = join(developmentFolder, fileName);
  await replaceFile(file, `${JSON.stringify({ processId: process.pid, url })}\n`);
  return () => rm(file, { force: true });
}

/**
 * Refuses a second `certgate dev` of one app: it would listen on another port, while the pages and the first one's
 * output name the first port.
 *
 * @throws {ToolFailure} if the process in the note still runs and its port is in use.
 */
export async function refuseSecond(developmentFolder: string): Promise<void> {
  const noted = await findJsonObject(join(developmentFolder, fileName));
  const { processId, url } = noted ?? {};
  if (typeof processId !== 'number' || typeof url !== 'string' || !URL.canParse(url)) return;
  if (!isAlive(processId) || (await isFree(Number(new URL(url).port)))) return;
  throw new ToolFailure(`certgate dev already runs this app at ${url} (process ${processId}).`, {
    remedy: 'Use that one, or end it with Ctrl+C. To run the app twice, choose a port with --port.',
  });
}

function isAlive(processId: number): boolean {
  try {
    // Signal 0 is not sent. Node.js only checks that the process exists.
    return process.kill(processId, 0);
  } catch (fault) {
    return hasCode(fault, 'EPERM');
  }
}
