import { Command } from 'commander';
import { trustAddCommand } from './identity/add.js';
import { trustAuthorityCommand } from './authority/authority.js';
import { trustCheckCommand } from './check.js';
import { trustDenyCommand, trustUndenyCommand } from './deny.js';
import { trustDiffCommand } from './diff.js';
import { trustDisableCommand, trustEnableCommand } from './identity/enable.js';
import { trustExplainCommand } from './explain.js';
import { trustImportCommand } from './import.js';
import { trustInitCommand } from './init.js';
import { trustListCommand } from './identity/list.js';
import { trustLockCommand } from './lock.js';
import { trustLogCommand } from './log.js';
import { trustRemoveCommand } from './identity/remove.js';
import { trustRotateCommand } from './identity/rotate.js';
import { trustSetCommand } from './identity/set.js';
import { trustShowCommand } from './identity/show.js';
import { trustSignCommand } from './sign.js';
import { trustUnlockCommand } from './unlock.js';

export function trustCommand(): Command {
  const command = new Command('trust').description(
    'Keep the list of who may call: in a file or in Azure Blob Storage, with who changed it and why.',
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
    trustLockCommand(),
    trustUnlockCommand(),
    trustLogCommand(),
    trustSignCommand(),
    trustImportCommand(),
  ];
  return verbs.reduce((noun, verb) => noun.addCommand(verb), command);
}
