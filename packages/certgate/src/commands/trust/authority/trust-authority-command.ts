import { Command } from 'commander';
import { trustAuthorityAddCommand } from './trust-authority-add-command.js';
import { trustAuthorityListCommand } from './trust-authority-list-command.js';
import { trustAuthorityRemoveCommand } from './trust-authority-remove-command.js';

export function trustAuthorityCommand(): Command {
  return new Command('authority')
    .description('Manage the certification authorities that a trust document trusts.')
    .addCommand(trustAuthorityAddCommand())
    .addCommand(trustAuthorityRemoveCommand())
    .addCommand(trustAuthorityListCommand());
}
