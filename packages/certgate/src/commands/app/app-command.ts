import { Command } from 'commander';
import { appInspectCommand } from './app-inspect-command.js';

export function appCommand(): Command {
  return new Command('app').description('Inspect a function app: who may call what.').addCommand(appInspectCommand());
}
