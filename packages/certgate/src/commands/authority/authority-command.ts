import { Command } from 'commander';
import { authorityCreateCommand } from './authority-create-command.js';
import { authorityListCommand } from './authority-list-command.js';
import { authorityRevocationListCommand } from './authority-crl-command.js';
import { authorityRevokeCommand } from './authority-revoke-command.js';
import { authorityShowCommand } from './authority-show-command.js';

export function authorityCommand(): Command {
  return new Command('authority')
    .description('Run a certificate authority for development or a small closed system.')
    .addCommand(authorityCreateCommand())
    .addCommand(authorityListCommand())
    .addCommand(authorityShowCommand())
    .addCommand(authorityRevokeCommand())
    .addCommand(authorityRevocationListCommand());
}
