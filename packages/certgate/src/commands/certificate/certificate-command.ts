import { Command } from 'commander';
import { certificateCreateCommand } from './certificate-create-command.js';
import { certificateHeaderCommand } from './certificate-header-command.js';
import { certificateInspectCommand } from './certificate-inspect-command.js';
import { certificateIssueCommand } from './certificate-issue-command.js';
import { certificateVerifyCommand } from './certificate-verify-command.js';

export function certificateCommand(): Command {
  return new Command('certificate')
    .description('Create, issue, inspect and verify client certificates.')
    .addCommand(certificateCreateCommand())
    .addCommand(certificateIssueCommand())
    .addCommand(certificateInspectCommand())
    .addCommand(certificateVerifyCommand())
    .addCommand(certificateHeaderCommand());
}
