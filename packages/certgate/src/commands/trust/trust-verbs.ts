import type { Command } from 'commander';
import { trustAuthorityCommand } from './authority/trust-authority-verbs.js';
import {
  trustDenyCommand,
  trustImportCommand,
  trustInitCommand,
  trustLockCommand,
  trustLogCommand,
  trustRestoreCommand,
  trustSignCommand,
  trustUndenyCommand,
  trustUnlockCommand,
} from './document-verbs.js';
import {
  trustAddCommand,
  trustDisableCommand,
  trustEnableCommand,
  trustListCommand,
  trustRemoveCommand,
  trustRotateCommand,
  trustSetCommand,
  trustShowCommand,
} from './identity/identity-verbs.js';
import { trustCheckCommand, trustDiffCommand, trustExplainCommand, trustViewCommand } from './reading-verbs.js';

export function addTrustVerbs(command: Command): Command {
  const verbs = [
    trustInitCommand(),
    trustListCommand(),
    trustShowCommand(),
    trustAddCommand(),
    trustRemoveCommand(),
    trustEnableCommand(),
    trustDisableCommand(),
    trustRotateCommand(),
    trustSetCommand(),
    trustDenyCommand(),
    trustUndenyCommand(),
    trustAuthorityCommand(),
    trustCheckCommand(),
    trustDiffCommand(),
    trustExplainCommand(),
    trustViewCommand(),
    trustLockCommand(),
    trustUnlockCommand(),
    trustLogCommand(),
    trustSignCommand(),
    trustImportCommand(),
    trustRestoreCommand(),
  ];
  return verbs.reduce((noun, verb) => noun.addCommand(verb), command);
}
