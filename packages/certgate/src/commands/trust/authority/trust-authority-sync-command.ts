import { isDeepStrictEqual } from 'node:util';
import { isTrustDomain, type TrustDocument } from '@certgate/core/internal';
import colors from 'picocolors';
import { formatTrustChange } from '../../../texts/tool-call.js';
import { escapeControls } from '../../../texts/safe-text.js';
import { ToolFailure } from '#local/tool-failure.js';
import { findAuthority, syncTrustAnchors } from '../../../trust/administration/edits/authority-edits.js';
import { expectNewerBundle } from '../../../trust/administration/bundle-sequence.js';
import { fetchBundle } from '../../../trust/spiffe-bundle/fetch-bundle.js';
import { readSpiffeBundle, type SpiffeBundle } from '../../../trust/spiffe-bundle/read-bundle.js';
import { readAuthorityFile } from '../../call/call-input.js';
import { printNotice } from '../../command-line/output.js';
import { changeTrust } from '../change-trust.js';
import type { ChangeFlags } from '../options/store-options.js';

interface SyncFlags extends ChangeFlags {
  readonly spiffeBundle: string;
  readonly trustDomain: string;
  readonly cacert?: string;
  readonly acceptSequence?: string;
}

export async function sync(name: string, flags: SyncFlags): Promise<void> {
  const { trustDomain, acceptSequence } = flags;
  if (!isTrustDomain(trustDomain)) {
    throw new ToolFailure(`${JSON.stringify(trustDomain)} is not a SPIFFE trust domain.`, {
      remedy: 'Write it like corp.example: lower-case letters, digits, dots, - and _, without spiffe://.',
    });
  }
  const ca = flags.cacert === undefined ? undefined : await readAuthorityFile(flags.cacert);
  const fetched = await fetchBundle(flags.spiffeBundle, ca);
  const bundle = readSpiffeBundle(fetched, { trustDomain, now: Date.now() });
  for (const { description, reason } of bundle.leftOut) {
    printNotice(`${colors.yellow('warning')} Left out: ${escapeControls(`${description} ${reason}`)}`);
  }
  const sequence = bundle.sequence?.toString() ?? null;
  const published = { trustDomain, trustAnchors: bundle.anchors.map(({ pem }) => pem) };
  const edit = (document: TrustDocument): TrustDocument => syncTrustAnchors(document, name, published);
  await changeTrust(flags, {
    verb: 'authority sync',
    guard: (location) => ({
      precondition: async (document) => {
        const isThere = findAuthority(document, name) !== undefined;
        const changesAuthority = isThere && !isDeepStrictEqual(edit(document), document);
        expectNewerBundle(await location.readLog(), bundle, { changesAuthority, acceptSequence });
      },
      spiffeBundle: {
        trustDomain,
        sequence,
        keysSha256: bundle.keysSha256,
        isAccepted: acceptSequence !== undefined,
      },
    }),
    edit,
    report: ({ before }) => ({
      done: `Brought the authority ${name} in line with the bundle of ${trustDomain}.`,
      notes: [
        ...describeBundle(bundle),
        ...(findAuthority(before.document, name) === undefined ? [adviseName(name, trustDomain)] : []),
      ],
      json: {
        bundle: {
          trustDomain,
          sequence,
          refreshHintSeconds: bundle.refreshHintSeconds ?? null,
          trustAnchors: bundle.anchors.map(({ certificate }) => certificate.thumbprintSha256),
          leftOut: bundle.leftOut,
          ignored: bundle.ignored,
        },
      },
    }),
  });
}

function adviseName(name: string, trustDomain: string): string {
  const options = ['--issued-by', name, '--uri', `spiffe://${trustDomain}/PATH`];
  return `It admits nobody until an identity has a name under it: ${formatTrustChange('add', ['NAME'], options)}`;
}

function describeBundle({ sequence, refreshHintSeconds, ignored }: SpiffeBundle): readonly string[] {
  const ignorances = [
    ...(ignored.jwtSvid === 0 ? [] : [`${describeCount(ignored.jwtSvid, 'key')} for JWT-SVIDs`]),
    ...(ignored.unknown === 0 ? [] : [`${describeCount(ignored.unknown, 'key')} of an unknown use or type`]),
  ];
  return [
    `The bundle has ${sequence === undefined ? 'no sequence number, so an older one would not be noticed' : `the sequence number ${sequence}`}.`,
    ...(ignorances.length === 0 ? [] : [`Ignored in the bundle: ${ignorances.join(', ')}.`]),
    ...(refreshHintSeconds === undefined
      ? []
      : [`The trust domain suggests to read its bundle every ${refreshHintSeconds} s.`]),
  ];
}

function describeCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
