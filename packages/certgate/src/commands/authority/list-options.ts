import type { Command } from 'commander';
import { parseDays } from '../certificate/certificate-options.js';

/** A week: the list of an authority that nobody tends goes stale soon, and is noticed while somebody remembers. */
export const listDaysByDefault = 7;

export interface ListFlags {
  readonly listDays: number;
  readonly listPem?: boolean;
}

export function addListOptions(command: Command): Command {
  return command
    .option('--list-days <days>', 'when this list ends, and the next one is due', parseDays, listDaysByDefault)
    .option('--list-pem', 'write the list in PEM too; an existing PEM file is always updated');
}
