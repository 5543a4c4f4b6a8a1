import { Command } from 'commander';
import { certificateCreateCommand } from './create.js';
import { certificateHeaderCommand } from './header.js';
import { certificateInspectCommand } from './inspect.js';
import { certificateIssueCommand } from './issue.js';
import { certificateVerifyCommand } from './verify.js';

export function certificateCommand(): Command {
  return new Command('certificate')
    .description(
      'Make client certificates, issue them from an authority, look at them, and check them against an authority.',
    )
    .addCommand(certificateCreateCommand())
    .addCommand(certificateIssueCommand())
    .addCommand(certificateInspectCommand())
    .addCommand(certificateVerifyCommand())
    .addCommand(certificateHeaderCommand());
}
