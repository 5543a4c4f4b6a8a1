import { Command } from 'commander';
import colors from 'picocolors';
import { addHelpSections } from '../../command-line/help.js';
import { parsePort } from '../../command-line/option-values.js';
import { printJson, printLine, printNotice } from '../../command-line/output.js';
import { untilStopped } from '../../command-line/until-stopped.js';
import { startOnPort } from '../../../local/local-app/listening-port.js';
import { addStoreOption, type StoreFlags } from '../options/store-options.js';

interface ViewFlags extends StoreFlags {
  readonly inspectorPort?: number;
  readonly json?: boolean;
  readonly certificateFolder?: string;
}

/** After the usual port of the same page beside an app. */
const defaultPort = 7444;

export function trustViewCommand(): Command {
  const command = new Command('view').description(
    'Serve a page on this machine that shows the trust document over time, and reads certificates in words. It changes nothing.',
  );
  addStoreOption(command)
    .option(
      '--certificate-folder <folder>',
      'a folder of certificates, which tell when pinned ones begin and end, and what authorities issued',
    )
    .option(
      '--inspector-port <port>',
      `the page's port (default ${defaultPort}, or the next free one; 0 picks one)`,
      parsePort,
    )
    .option('--json', 'print one JSON object')
    .action(view);
  return addHelpSections(command, {
    exitCodes: {
      0: 'stopped by a signal',
      2: 'the document or the folder cannot be read or is not valid, or the port is in use',
    },
    examples: [
      'certgate trust view --store file:trust.json',
      'certgate trust view --store file:trust.json --certificate-folder certificates',
    ],
  });
}

async function view({ store, certificateFolder, inspectorPort: port, json }: ViewFlags): Promise<void> {
  // Loaded here, so that the other commands start without it.
  const { startInspector } = await import('../../../inspector/inspector.js');
  const { describeTrust } = await import('../../../inspector/trust-models.js');
  const subject = { store, ...(certificateFolder === undefined ? {} : { certificateFolder }) };
  // What can't be read is told of here, and not first on the page.
  const { store: description } = await describeTrust(subject);
  const stopped = untilStopped();
  const choice = { port: port ?? defaultPort, isFixed: port !== undefined };
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
