import colors from 'picocolors';
import { loadAuthority } from '../../certificates/authority/load-authority.js';
import { escapeControls } from '../../texts/safe-text.js';
import { startInspector } from '../../inspector/inspector.js';
import { describeTrust } from '../../inspector/trust-models.js';
import { startOnPort } from '../../local-app/listening-port.js';
import type { FolderFlags } from '../authority/authority-options.js';
import { printJson, printLine, printNotice } from '../command-line/output.js';
import { untilStopped } from '../command-line/until-stopped.js';
import { defaultInspectorPort } from '../gateway-flags.js';
import type { StoreFlags } from './options/store-options.js';

interface ViewFlags extends StoreFlags, FolderFlags {
  readonly inspectorPort?: number;
  readonly certificateFolder?: string;
  readonly authority?: readonly string[];
  readonly at?: number;
}

export async function view(flags: ViewFlags): Promise<void> {
  const { store, certificateFolder, authority = [], folder, at, inspectorPort: port, json } = flags;
  const readAuthorities = () => Promise.all(authority.map((name) => loadAuthority(folder, name)));
  const subject = { store, certificateFolder, readAuthorities, at };
  // What can't be read is reported here already, and not only on the page.
  const facts = await describeTrust(subject, (line) => {
    printNotice(escapeControls(line));
  });
  if (json === true) {
    printJson(facts);
    return;
  }
  const stopped = untilStopped();
  const choice = { port: port ?? defaultInspectorPort, isFixed: port !== undefined };
  const inspector = await startOnPort(choice, 'page', printNotice, (chosen) =>
    startInspector({ subject, port: chosen }),
  );
  try {
    printLine(`ready ${colors.cyan(inspector.url)}\n  trust document: ${facts.store}`);
    await stopped;
  } finally {
    await inspector.close();
  }
}
