import { Command } from 'commander';
import { certificateCreateCommand } from './create.js';
import { certificateHeaderCommand } from './header.js';
import { certificateInspectCommand } from './inspect.js';
import { certificateIssueCommand } from './issue.js';

export function certificateCommand(): Command {
  return new Command('certificate')
    .description('Make client certificates, issue them from an authority, and look at them.')
    .addCommand(certificateCreateCommand())
    .addCommand(certificateIssueCommand())
    .addCommand(certificateInspectCommand())
    .addCommand(certificateHeaderCommand());
}
