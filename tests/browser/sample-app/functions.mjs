// An app with one function of each kind that the page can show.
import { app } from '@azure/functions';
import { allowAnonymous, reportOnly, requireRole, secureApp, trustStoreFrom } from '@certgate/azure-functions';

const json = { 'content-type': 'application/json' };
const nextMonth = new Date(Math.ceil(Date.now() / 1000) * 1000 + 30 * 86_400_000).toISOString().replace('.000', '');

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST, { refreshIntervalSeconds: 1 }) });

app.http('GetOrder', {
  route: 'orders/{id:int}',
  methods: ['GET'],
  handler: (request) => ({ body: `{"order":${request.params.id},"total":118.40,"items":[]}`, headers: json }),
});
app.http('Refund', {
  route: 'orders/{id:int}/refund',
  methods: ['POST'],
  handler: requireRole('refunds.write', async (request) => ({ body: `<p>${await request.text()}</p>` })),
});
app.http('Health', {
  route: 'health',
  methods: ['GET'],
  handler: allowAnonymous(() => ({ body: 'ok' })),
});
app.http('ExportInvoicesOfAllCustomersOfTheLastFinancialYear', {
  route: 'exports/invoices/{year?}',
  methods: ['GET', 'POST'],
  handler: reportOnly(
    requireRole('invoices.export', () => ({ body: 'exported' })),
    { until: nextMonth },
  ),
});
app.timer('Nightly', { schedule: '0 0 3 * * *', handler: () => undefined });
app.mcpTool('CancelOrder', {
  toolName: 'cancel_order',
  description: 'Cancels an order.',
  toolProperties: [{ propertyName: 'id', propertyType: 'string', description: 'The order.' }],
  handler: (_call, context) => `cancelled ${context.triggerMetadata.mcptoolargs?.id ?? ''}`,
});
