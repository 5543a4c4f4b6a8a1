import { relative } from 'node:path';
import colors from 'picocolors';
import type { HostedApp } from '../../local-app/local-app.js';
import { noteRunning } from '../../local-app/running-dev.js';
import { type WatchedChange, watchApp } from '../../local-app/watch-app.js';
import { escapeControls } from '../../texts/safe-text.js';
import { type LoadedTrustDocument, loadTrustDocument } from '../../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { listTouched } from '../../trust/administration/touched-identities.js';
import { compareTrustDocuments } from '../../trust/comparison/compare-documents.js';
import { printNotice } from '../command-line/output.js';
import { untilStopped } from '../command-line/until-stopped.js';

/**
 * Reports the app, and loads it again when its files change, until a signal stops it. Listens for signals and for
 * changes before it reports that the app is ready, because both may come immediately.
 */
export async function keepRunning(
  app: HostedApp,
  folder: string,
  report: (isAgain: boolean) => Promise<unknown>,
): Promise<void> {
  const stopped = untilStopped();
  let work: Promise<unknown> = Promise.resolve();
  let document = await findDocument(app);
  const watch = await watchApp(folder, (change) => {
    work = work.then(() => handle(change));
  });
  const forget = await noteRunning(app.developmentFolder, app.url);
  try {
    watch.followTrust(findOwnFile(app));
    const reported = report(false);
    work = work.then(() => reported);
    await reported;
    await stopped;
  } finally {
    await watch.close();
    await work;
    await forget();
  }

  async function handle(change: WatchedChange): Promise<void> {
    if (change === 'trust') await followDocument();
    else {
      printNotice('The app changed and is loaded again.');
      if (!(await restart(app))) return;
      watch.followTrust(findOwnFile(app));
      document = await findDocument(app);
      await report(true);
    }
  }

  /** The app reads its document at the start, so it is loaded again instead of waiting for its next reading. */
  async function followDocument(): Promise<void> {
    const before = document;
    try {
      document = await findDocument(app);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      printNotice(`${colors.yellow('warning')} ${message} The app keeps the revision that it has read.`);
      return;
    }
    if (document === undefined || document.documentSha256 === before?.documentSha256) return;
    printNotice(describeRevision(relative(process.cwd(), findOwnFile(app) ?? ''), before, document));
    const said = app.notes;
    await restart(app);
    for (const note of app.notes) if (!said.includes(note)) printNotice(escapeControls(note));
  }
}

async function restart(app: HostedApp): Promise<boolean> {
  try {
    await app.restart();
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : 'The app could not be loaded.';
    printNotice(`${colors.red('error')} ${message} The app is loaded again when its files change.`);
    return false;
  }
}

/** The file of the user's own trust document. Undefined if the user has no such file. */
function findOwnFile({ trust }: HostedApp): string | undefined {
  return trust.isUnread === true || trust.setBy === 'certgate dev' ? undefined : trust.address;
}

async function findDocument(app: HostedApp): Promise<LoadedTrustDocument | undefined> {
  const file = findOwnFile(app);
  return file === undefined ? undefined : loadTrustDocument(await openTrustLocation(`file:${file}`));
}

/** A line such as `trust.json: revision 3, changes billing`. */
function describeRevision(
  file: string,
  before: LoadedTrustDocument | undefined,
  { snapshot }: LoadedTrustDocument,
): string {
  const named = escapeControls(`${file}: revision ${snapshot.revision}`);
  if (before === undefined) return named;
  const { revision: earlier } = before.snapshot;
  // `certgate dev` starts the app again, so this app reads a lower revision too.
  const isLower = snapshot.revision < earlier;
  const revision = isLower ? `${named} (a running app that has read ${earlier} refuses it: raise it)` : named;
  const comparison = compareTrustDocuments(before.snapshot, snapshot);
  const { touches, mayTouchOthers } = listTouched(before.snapshot, snapshot, comparison);
  if (touches === 'all') return `${revision}, changes all callers`;
  const more = touches.length > maximumNames ? [`${touches.length - maximumNames} more`] : [];
  const names = [...touches.slice(0, maximumNames), ...more, ...(mayTouchOthers === true ? ['perhaps others'] : [])];
  return names.length === 0
    ? `${revision}, changes no caller`
    : `${revision}, changes ${escapeControls(names.join(', '))}`;
}

const maximumNames = 5;
