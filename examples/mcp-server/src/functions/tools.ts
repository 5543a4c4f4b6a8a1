import { app, arg, InvocationContext } from '@azure/functions';
import { allowAnonymous, getClientIdentity, requireRole } from '@certgate/azure-functions';

/** What a tool reads of the host's call. The request's headers are left out, because only the gate needs them. */
interface OrderCall {
  readonly arguments: { readonly order: string };
}

const order = arg.string().describe('The number of the order.');

app.mcpTool('OpeningHours', {
  toolName: 'opening_hours',
  description: 'When somebody answers the phone.',
  toolProperties: {},
  handler: allowAnonymous(() => 'Monday to Friday, 9 to 17.'),
});

app.mcpTool('OrderStatus', {
  toolName: 'order_status',
  description: 'Where an order is.',
  toolProperties: { order },
  handler: ({ arguments: { order } }: OrderCall, context: InvocationContext) =>
    `Order ${order} is on its way, ${getClientIdentity(context).name}.`,
});

app.mcpTool('CancelOrder', {
  toolName: 'cancel_order',
  description: 'Cancels an order that is not on its way yet.',
  toolProperties: { order },
  handler: requireRole('orders.cancel', ({ arguments: { order } }: OrderCall, context: InvocationContext) => {
    const { name } = getClientIdentity(context);
    return `Order ${order} is cancelled for ${name}.`;
  }),
});
