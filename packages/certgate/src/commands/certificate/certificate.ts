import { Command } from 'commander';
import { certificateCreateCommand } from './create.js';
import { certificateHeaderCommand } from './header.js';
import { certificateInspectCommand } from './inspect.js';

export function certificateCommand(): Command {
  return new Command('certificate')
    .description('Make client certificates and look at them.')
    .addCommand(certificateCreateCommand())
    .addCommand(certificateInspectCommand())
    .addCommand(certificateHeaderCommand());
}
