const { allowAnonymous, getClientIdentity, requireRole } = require('@certgate/azure-functions');

const who = (_request, context) => ({ body: getClientIdentity(context).name });
module.exports = {
  Closed: who,
  Role: requireRole('operator', who),
  Open: allowAnonymous(() => ({ body: 'open' })),
};
