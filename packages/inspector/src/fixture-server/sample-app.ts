import type {
  InspectedApp,
  InspectedCaller,
  InspectedFunction,
  InspectorState,
  MatrixResult,
} from '../../../certgate/src/trust/views/page-views.js';
import { allowedThumbprint, strangerThumbprint } from './sample-explanations.js';

const closed = { triggerType: 'httpTrigger', kind: 'certificate', isCovered: true, mayBeCalledUnasked: false } as const;

const functions: readonly InspectedFunction[] = [
  {
    ...closed,
    name: 'GetOrder',
    route: '/api/orders/{id:int}',
    methods: ['GET'],
    policy: 'allowed certificates',
    roles: [],
  },
  {
    ...closed,
    name: 'Refund',
    route: '/api/orders/{id:int}/refund',
    methods: ['POST'],
    policy: 'allowed certificates, role refunds.write',
    roles: [['refunds.write']],
  },
  {
    name: 'Health',
    triggerType: 'httpTrigger',
    route: '/api/health',
    methods: ['GET'],
    policy: 'everybody',
    kind: 'anonymous',
    roles: [],
    isCovered: true,
    mayBeCalledUnasked: true,
  },
  {
    ...closed,
    name: 'ExportInvoicesOfAllCustomersOfTheLastFinancialYear',
    route: '/api/exports/invoices/{year?}',
    methods: ['GET', 'POST'],
    policy: 'allowed certificates, role invoices.export; report-only until 2026-12-31',
    roles: [['invoices.export']],
  },
  {
    name: 'Nightly',
    triggerType: 'timerTrigger',
    route: null,
    methods: [],
    policy: 'no HTTP function',
    kind: 'other',
    roles: [],
    isCovered: false,
    mayBeCalledUnasked: false,
  },
];

type CallerRow = readonly [id: string, description: string, isTrusted?: boolean];

const callerRows: readonly CallerRow[] = [
  ['none', 'Sends no certificate.'],
  ['denied', 'A good certificate that nobody trusts.'],
  ['allowed', 'Trusted, without a role.', true],
  ['allowed-refunds.write', 'Trusted, with the role refunds.write.', true],
  ['expired', 'Trusted, but its certificate has expired.', true],
  ['not-yet-valid', 'Trusted, but its certificate is not valid yet.', true],
  ['wrong-usage', 'A certificate for servers, not for clients.'],
  ['ca-as-leaf', 'The certificate of an authority, used as a caller’s.'],
  ['lookalike', 'Has the same name as “allowed”, by another authority.'],
  ['forged-header', 'No certificate, but the certificate header of “allowed”.'],
];

const callers: readonly InspectedCaller[] = callerRows.map(([id, description, isTrusted = false]) => ({
  id,
  label: id,
  description,
  subject: id === 'none' || id === 'forged-header' ? null : `CN=${id},O=Example GmbH`,
  thumbprintSha256: id === 'none' ? null : isTrusted ? allowedThumbprint : strangerThumbprint,
  roles: id.endsWith('refunds.write') ? ['refunds.write'] : [],
  isTrusted,
}));

export const sampleApp: InspectedApp = {
  url: 'https://localhost:7443',
  frontEnd: 'app-service',
  functions,
  callers,
};

export const sampleState: InspectorState = {
  version: 1,
  app: sampleApp,
  trust: { store: 'file:.certgate/trust.json', revision: 7, fault: null },
};

const codes: Readonly<Record<string, string>> = {
  none: 'certificate_missing',
  denied: 'certificate_not_trusted',
  expired: 'certificate_expired',
  'not-yet-valid': 'certificate_not_yet_valid',
  'wrong-usage': 'certificate_not_trusted',
  'ca-as-leaf': 'certificate_not_trusted',
  lookalike: 'certificate_not_trusted',
  'forged-header': 'certificate_missing',
};

export function createSampleMatrix(): MatrixResult {
  return {
    cells: functions
      .filter(({ route }) => route !== null)
      .flatMap(({ name, kind, roles }) =>
        callers.map(({ id, roles: held }) => {
          if (kind === 'anonymous') {
            return { functionName: name, callerId: id, status: 200, expected: 'allowed' as const, code: 'anonymous' };
          }
          const code = codes[id];
          if (code !== undefined) {
            return { functionName: name, callerId: id, status: 401, expected: 'denied' as const, code };
          }
          if (name === 'Refund' && !roles.every((group) => group.some((role) => held.includes(role)))) {
            return { functionName: name, callerId: id, status: 403, expected: 'denied' as const, code: 'role_missing' };
          }
          return { functionName: name, callerId: id, status: null, expected: 'allowed' as const, code: 'allowed' };
        }),
      ),
  };
}
