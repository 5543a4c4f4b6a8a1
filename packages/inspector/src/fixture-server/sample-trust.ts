import type { TrustIdentityView, TrustView, ValidityWindow } from '../../../certgate/src/trust/views/page-views.js';
import { sampleApp } from './sample-app.js';
import { allowedThumbprint, sampleNow, strangerThumbprint } from './sample-explanations.js';

function pin(thumbprint: string, from: string, until: string, state: ValidityWindow['state']): ValidityWindow {
  return { kind: 'pin', label: `certificate ${thumbprint.slice(0, 8)}`, thumbprint, from, until, state };
}

const ordinary = { enabled: true, functions: null, gapFrom: null, overlaps: [] } as const;

const identities: readonly TrustIdentityView[] = [
  {
    ...ordinary,
    name: 'billing',
    owner: 'billing@example.com',
    roles: ['orders.read', 'refunds.write'],
    windows: [
      pin(allowedThumbprint, '2026-01-05T00:00:00Z', '2026-12-20T00:00:00Z', 'ending'),
      pin(strangerThumbprint, '2026-11-15T00:00:00Z', '2027-11-15T00:00:00Z', 'valid'),
    ],
    overlaps: [{ from: '2026-11-15T00:00:00Z', until: '2026-12-20T00:00:00Z' }],
  },
  {
    ...ordinary,
    name: 'warehouse',
    owner: 'logistics@example.com',
    roles: ['orders.read'],
    functions: ['GetOrder'],
    windows: [
      pin(
        'A3F1C09D4477E2B86A15C2D3E4F5061728394A5B6C7D8E9F00112233445566AA',
        '2026-03-01T00:00:00Z',
        '2026-12-09T00:00:00Z',
        'ending',
      ),
    ],
    gapFrom: '2026-12-09T00:00:00Z',
  },
  {
    ...ordinary,
    name: 'reporting',
    owner: null,
    roles: [],
    windows: [
      {
        kind: 'name',
        label: 'DNS reporting.internal.example.com, by Example Root CA',
        thumbprint: null,
        from: null,
        until: null,
        state: 'valid',
      },
      {
        kind: 'issued',
        label: 'serial 1F:03',
        thumbprint: 'B94D27B9934D3E08A52E52D7DA7DABFAC484EFE37A5380EE9088F7ACE2EFCDE9',
        from: '2026-09-01T00:00:00Z',
        until: '2027-09-01T00:00:00Z',
        state: 'valid',
      },
    ],
  },
  {
    ...ordinary,
    name: 'partner-gateway',
    owner: 'a-very-long-owner-name-that-somebody-typed-in-full@subsidiary.of.a.long.domain.example.com',
    roles: ['invoices.export'],
    windows: [
      pin(
        'C0FFEE254729296A45A3885639AC7E10F9D54979F0DE2C9C2D1C0E8E4B3C9F11',
        '2027-01-10T00:00:00Z',
        '2028-01-10T00:00:00Z',
        'future',
      ),
    ],
  },
  {
    ...ordinary,
    name: 'old-importer',
    owner: 'imports@example.com',
    enabled: false,
    roles: [],
    windows: [
      pin(
        'D7A8FBB307D7809469CA9ABCB0082E4F8D5651E46D3CDB762D02D0BF37C9E592',
        '2026-02-01T00:00:00Z',
        '2026-10-01T00:00:00Z',
        'ended',
      ),
    ],
  },
];

const tail = '--store file:.certgate/trust.json';

export const sampleTrust: TrustView = {
  store: 'file:.certgate/trust.json',
  revision: 7,
  at: sampleNow,
  locked: null,
  identities,
  authorities: [
    {
      name: 'Example Root CA',
      windows: [
        {
          kind: 'anchor',
          label: 'CN=Example Root CA',
          thumbprint: 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855',
          from: '2020-01-01T00:00:00Z',
          until: '2040-01-01T00:00:00Z',
          state: 'valid',
        },
        {
          kind: 'intermediate',
          label: 'CN=Example Issuing CA 3',
          thumbprint: 'F7C3BC1D808E04732ADF679965CCC34CA7AE3441B3F3A2C0C0E2E3F1C1B2A3D4',
          from: '2025-06-01T00:00:00Z',
          until: '2027-06-01T00:00:00Z',
          state: 'valid',
        },
      ],
      revocation: 'a revocation list, next update 2026-12-01',
      vouchesFor: [{ identity: 'reporting', name: 'DNS reporting.internal.example.com' }],
    },
  ],
  denied: [{ label: '0BADC0DE…', reason: 'key lost with a laptop, 2026-10-02' }],
  warnings: [
    {
      code: 'access_ends',
      subject: 'warehouse',
      message: 'Its last certificate ends in 12 days, and none follows it.',
      command: `npx --no-install certgate trust rotate warehouse --certificate NEW.crt.pem --reason 'yearly rotation' ${tail}`,
    },
    {
      code: 'owner_missing',
      subject: 'reporting',
      message: 'Nobody is named whom to ask about this identity.',
      command: `npx --no-install certgate trust set reporting --owner ADDRESS --reason 'owner' ${tail}`,
    },
    {
      code: 'document_unsigned',
      subject: 'document',
      message: 'The document has no signature: who can write the file decides who is admitted.',
      command: null,
    },
  ],
  coverage: sampleApp.functions,
};

export const emptyTrust: TrustView = {
  ...sampleTrust,
  identities: [],
  authorities: [],
  denied: [],
  warnings: [],
  coverage: [],
};
