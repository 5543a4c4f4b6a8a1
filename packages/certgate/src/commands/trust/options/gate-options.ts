import { InvalidArgumentError, type Command } from 'commander';
import { collect } from '../../command-line/option-values.js';

/** What an app's trust store was told of the documents that it takes, as its options have it. */
export interface GateFlags {
  readonly signedBy?: readonly string[];
  readonly audience?: string | undefined;
  readonly minimumRevision?: number | undefined;
}

export function addGateOptions(command: Command): Command {
  return command
    .option(
      '--signed-by <key>',
      "the app's option `signedBy`: a public key in PEM, or its file (repeatable: one of these must have signed)",
      collect,
    )
    .option('--audience <app>', "the app's option `audience`: a name that the document's audience must contain")
    .option('--minimum-revision <number>', "the app's option `minimumRevision`", parseRevision);
}

export function parseRevision(text: string): number {
  const revision = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(revision)) return revision;
  throw new InvalidArgumentError('It must be a whole number from 0.');
}
