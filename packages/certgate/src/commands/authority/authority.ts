import { Command } from 'commander';
import { authorityCreateCommand } from './create.js';
import { authorityListCommand } from './list.js';
import { authorityRevocationListCommand } from './crl.js';
import { authorityRevokeCommand } from './revoke.js';
import { authorityShowCommand } from './show.js';

export function authorityCommand(): Command {
  return new Command('authority')
    .description(
      'Keep a certificate authority for development or a small closed system: create, revoke, publish its list.',
    )
    .addCommand(authorityCreateCommand())
    .addCommand(authorityListCommand())
    .addCommand(authorityShowCommand())
    .addCommand(authorityRevokeCommand())
    .addCommand(authorityRevocationListCommand());
}
