import colors from 'picocolors';
import { startInspector } from '../../../inspector/inspector.js';
import { describeTrust } from '../../../inspector/trust-models.js';
import { startOnPort } from '../../../local/local-app/listening-port.js';
import { printJson, printLine, printNotice } from '../../command-line/output.js';
import { untilStopped } from '../../command-line/until-stopped.js';
import { defaultInspectorPort } from '../../dev/dev-flags.js';
import type { StoreFlags } from '../options/store-options.js';

interface ViewFlags extends StoreFlags {
  readonly inspectorPort?: number;
  readonly json?: boolean;
  readonly certificateFolder?: string;
}

export async function view({ store, certificateFolder, inspectorPort: port, json }: ViewFlags): Promise<void> {
  const subject = { store, ...(certificateFolder === undefined ? {} : { certificateFolder }) };
  // What can't be read is told of here, and not first on the page.
  const { store: description } = await describeTrust(subject);
  const stopped = untilStopped();
  const choice = { port: port ?? defaultInspectorPort, isFixed: port !== undefined };
  const inspector = await startOnPort(choice, 'page', printNotice, (chosen) =>
    startInspector({ subject, port: chosen }),
  );
  try {
    if (json === true) printJson({ url: inspector.url, store: description });
    else printLine(`ready ${colors.cyan(inspector.url)}\n  trust document: ${description}`);
    await stopped;
  } finally {
    await inspector.close();
  }
}
