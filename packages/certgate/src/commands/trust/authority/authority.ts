import { Command } from 'commander';
import { trustAuthorityAddCommand } from './add.js';
import { trustAuthorityListCommand } from './list.js';
import { trustAuthorityRemoveCommand } from './remove.js';

export function trustAuthorityCommand(): Command {
  return new Command('authority')
    .description('The certification authorities of a trust document: whose certificates may stand for names.')
    .addCommand(trustAuthorityAddCommand())
    .addCommand(trustAuthorityRemoveCommand())
    .addCommand(trustAuthorityListCommand());
}
