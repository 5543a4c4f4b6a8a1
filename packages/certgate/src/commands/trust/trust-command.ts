import { Command } from 'commander';
import { trustAddCommand } from './identity/trust-add-command.js';
import { trustAuthorityCommand } from './authority/trust-authority-command.js';
import { trustCheckCommand } from './trust-check-command.js';
import { trustDenyCommand, trustUndenyCommand } from './trust-deny-command.js';
import { trustDiffCommand } from './trust-diff-command.js';
import { trustDisableCommand, trustEnableCommand } from './identity/trust-enable-command.js';
import { trustExplainCommand } from './trust-explain-command.js';
import { trustImportCommand } from './trust-import-command.js';
import { trustInitCommand } from './trust-init-command.js';
import { trustListCommand } from './identity/trust-list-command.js';
import { trustLockCommand } from './trust-lock-command.js';
import { trustLogCommand } from './trust-log-command.js';
import { trustRemoveCommand } from './identity/trust-remove-command.js';
import { trustRestoreCommand } from './trust-restore-command.js';
import { trustRotateCommand } from './identity/trust-rotate-command.js';
import { trustSetCommand } from './identity/trust-set-command.js';
import { trustShowCommand } from './identity/trust-show-command.js';
import { trustSignCommand } from './trust-sign-command.js';
import { trustTimelineCommand } from './trust-timeline-command.js';
import { trustUnlockCommand } from './trust-unlock-command.js';
import { trustViewCommand } from './view/trust-view-command.js';

export function trustCommand(): Command {
  const command = new Command('trust').description(
    'Administer who may call: a trust document in a file or in Azure Blob Storage, and the log of its changes.',
  );
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
    trustTimelineCommand(),
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
