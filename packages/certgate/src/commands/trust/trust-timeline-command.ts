import { randomBytes } from 'node:crypto';
import { open, realpath, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { loadAuthority, type StoredAuthority } from '../../certificates/authority/load-authority.js';
import { hasCode, messageOf, ToolFailure } from '../../faults/tool-failure.js';
import { moveIntoPlace, writeDurably } from '../../files/replace-file.js';
import { loadTrustDocument } from '../../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { readCertificateFolder } from '../../trust/import/certificate-folder.js';
import { formatTimelinePage } from '../../trust/validity/timeline-html.js';
import { drawTimeline } from '../../trust/validity/timeline-svg.js';
import { createTrustView } from '../../trust/validity/trust-view.js';
import type { TrustView } from '../../trust/views/page-views.js';
import type { FolderFlags } from '../authority/authority-options.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';
import type { StoreFlags } from './options/store-options.js';

type TimelineFormat = 'svg' | 'html';

interface TimelineFlags extends StoreFlags, FolderFlags {
  readonly output?: string;
  readonly format?: TimelineFormat;
  readonly at?: number;
  readonly months: number;
  readonly certificateFolder?: string;
  readonly authority?: readonly string[];
  readonly json?: boolean;
}

export async function timeline(flags: TimelineFlags): Promise<void> {
  const { output, json } = flags;
  if (output === undefined && json !== true) {
    throw new ToolFailure('It is not said where to write the picture.', {
      remedy: 'Pass --output timeline.svg or --output timeline.html, or --json to print the facts.',
    });
  }
  if (output === '-' && json === true) throw new ToolFailure('Only one of the picture and --json can be printed.');
  const format = output === undefined ? undefined : findFormat(output, flags.format);
  const view = await readView(flags);
  if (json === true) printJson(view);
  if (output === undefined || format === undefined) return;
  const text = format === 'svg' ? drawTimeline(view, flags) : formatTimelinePage(view, flags);
  if (output === '-') printLine(text.trimEnd());
  else await writeFile(output, text);
}

function findFormat(output: string, format: TimelineFormat | undefined): TimelineFormat {
  if (format !== undefined) return format;
  const extension = extname(output).toLowerCase();
  if (output === '-' || extension === '.svg') return 'svg';
  if (extension === '.html' || extension === '.htm') return 'html';
  throw new ToolFailure(`The name ${output} doesn't tell what to write.`, {
    remedy: 'Name the file .svg or .html, or pass --format.',
  });
}

async function readView(flags: TimelineFlags): Promise<TrustView> {
  const at = flags.at ?? Date.now();
  const location = await openTrustLocation(flags.store);
  const { snapshot } = await loadTrustDocument(location);
  const folder =
    flags.certificateFolder === undefined ? undefined : await readCertificateFolder(flags.certificateFolder, at);
  for (const file of folder?.unreadable ?? []) printNotice(`${file} contains no certificate that can be read.`);
  const authorities: readonly StoredAuthority[] = await Promise.all(
    (flags.authority ?? []).map((name) => loadAuthority(flags.folder, name)),
  );
  return createTrustView({ store: location.description, snapshot, at, folder, authorities });
}

/** As a whole: who looks at the old one meanwhile sees all of it. */
async function writeFile(path: string, text: string): Promise<void> {
  try {
    const target = await findReplaceable(path);
    const prepared = `${target}.${randomBytes(6).toString('hex')}.tmp`;
    await writeDurably(prepared, Buffer.from(text, 'utf8'));
    await moveIntoPlace(prepared, target);
  } catch (cause) {
    if (cause instanceof ToolFailure) throw cause;
    throw new ToolFailure(`${path} can't be written: ${messageOf(cause)}`, { cause });
  }
}

/**
 * What is moved over takes the place of whatever is there: with `--format`, that could be the trust document or a key, and
 * as root a device. Only markup and what is empty gives way. A link stays, and what it leads to is replaced.
 */
async function findReplaceable(path: string): Promise<string> {
  let target: string;
  try {
    target = await realpath(path);
  } catch (fault) {
    if (hasCode(fault, 'ENOENT')) return path;
    throw fault;
  }
  if (!(await isMarkupOrEmpty(target))) {
    throw new ToolFailure(`${path} is there already, and is no picture and no page: it is not overwritten.`, {
      remedy: 'Name another file, or pass --output - and redirect standard output.',
    });
  }
  return target;
}

async function isMarkupOrEmpty(path: string): Promise<boolean> {
  // Opening a pipe would wait for somebody who writes into it.
  if (!(await stat(path)).isFile()) return false;
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, 0);
    return bytesRead === 0 || buffer.toString('latin1') === '<';
  } finally {
    await file.close();
  }
}
