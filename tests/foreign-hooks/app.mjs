// A function app for tests/foreign-hooks.test.ts, which transforms and bundles it. `other-functions` and
// `other-certgate` are second imports of the same packages, or second copies of them.
import { app } from '@azure/functions';
import {
  allowAnonymous,
  getClientIdentity,
  requireRole,
  secureApp,
  trustStoreFromFile,
} from '@certgate/azure-functions';
import { requireRole as requireRoleOfOther } from 'other-certgate';
import { app as other } from 'other-functions';

/** For each function: how often its own code ran (`runs`), and that code without any wrapper (`raw`). */
const runs = {};
const raw = {};

function makeHandler(name) {
  runs[name] = 0;
  raw[name] = async () => {
    runs[name] += 1;
    return { body: 'secret' };
  };
  return raw[name];
}

if (process.env.FOREIGN_HOOKS_MODE === 'streaming') {
  app.setup({ enableHttpStream: true });
  other.setup({ enableHttpStream: true });
}
app.http('EarlyBare', { handler: makeHandler('EarlyBare') });
other.http('EarlyRole', { handler: requireRoleOfOther('operator', makeHandler('EarlyRole')) });
secureApp(app, { trustStore: trustStoreFromFile(process.env.CERTGATE_TRUST) });
app.http('LateBare', { handler: makeHandler('LateBare') });
other.http('LateRole', { handler: requireRole('operator', makeHandler('LateRole')) });

app.mcpTool('LateTool', {
  toolName: 'LateTool',
  description: 'A tool',
  toolProperties: [],
  handler: async (_call, context) => {
    runs.LateTool = (runs.LateTool ?? 0) + 1;
    return `secret of ${getClientIdentity(context).name}`;
  },
});
app.http('LateName', {
  handler: async (_request, context) => ({ body: `secret of ${getClientIdentity(context).name}` }),
});

globalThis.foreignHooks = { app, allowAnonymous, runs, raw };
