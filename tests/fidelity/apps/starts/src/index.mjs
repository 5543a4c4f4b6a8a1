import { app, output } from '@azure/functions';

const handler = () => ({ body: 'ran' });
const cases = {
  'no-function': () => undefined,
  'reserved-route': () => app.get('Tools', { route: 'admin-tools', handler }),
  'reserved-name': () => app.get('AdminTools', handler),
  'conflicting-routes': () => {
    app.get('First', { route: 'same', handler });
    app.get('Second', { route: 'SAME', handler });
  },
  'bad-name': () => app.get('9lives', { route: 'lives', handler }),
  'extra-output': () => {
    const queue = output.storageQueue({ queueName: 'orders', connection: 'Storage' });
    app.http('Queues', { extraOutputs: [queue], handler });
  },
  'same-tool': () => {
    app.mcpTool('First', { toolName: 'greet', toolProperties: [], handler });
    app.mcpTool('Second', { toolName: 'greet', toolProperties: [], handler });
  },
};
const chosen = process.env.FIDELITY_CASE;
if (chosen !== 'no-function') app.get('Healthy', handler);
cases[chosen]();
