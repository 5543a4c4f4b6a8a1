import type { TrustDocumentName } from '@certgate/core/internal';
import type { Command } from 'commander';
import { formatTrustCall } from '../../../faults/tool-call.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { collect } from '../../command-line/option-values.js';

/** Beside `--issued-by`, which the verb has anyway or adds. */
export interface NameFlags {
  readonly issuedBy?: string;
  readonly dns?: readonly string[];
  readonly uri?: readonly string[];
  readonly email?: readonly string[];
  readonly commonName?: readonly string[];
  readonly organizationalUnit?: readonly string[];
}

/** A name of a certificate that the authority of `--issued-by` issued. */
export function addNameOptions(command: Command): Command {
  return command
    .option('--dns <name>', 'a DNS name of the certificate, or *.corp.example for one label (repeatable)', collect)
    .option('--uri <uri>', 'a URI of the certificate, e.g. a SPIFFE ID (repeatable)', collect)
    .option('--email <mailbox>', 'a mailbox of the certificate (repeatable)', collect)
    .option('--common-name <text>', 'the exact common name of its subject (repeatable)', collect)
    .option('--organizational-unit <text>', 'an exact organizational unit of its subject (repeatable)', collect);
}

/** `hasPin`: then `--issued-by` has something to say without a name too. */
export function readNames(flags: NameFlags, hasPin: boolean): readonly TrustDocumentName[] {
  const { issuedBy, dns = [], uri = [], email = [], commonName = [], organizationalUnit = [] } = flags;
  const names: readonly Omit<TrustDocumentName, 'issuedBy'>[] = [
    ...dns.map((text) => ({ dns: text })),
    ...uri.map((text) => ({ uri: text })),
    ...email.map((text) => ({ email: text })),
    ...commonName.map((text) => ({ commonName: text })),
    ...organizationalUnit.map((text) => ({ organizationalUnit: text })),
  ];
  if (issuedBy !== undefined) {
    if (names.length > 0 || hasPin) return names.map((name) => ({ issuedBy, ...name }));
    throw new ToolFailure('--issued-by requires a name or a pin, and none is given.', {
      remedy: 'Pass a name, e.g. --dns billing.corp.example',
    });
  }
  if (names.length === 0) return [];
  throw new ToolFailure('A name is valid only under an authority that vouches for it, and no authority is given.', {
    remedy: `Pass it with --issued-by. To list the authorities: ${formatTrustCall('authority list')}`,
  });
}
