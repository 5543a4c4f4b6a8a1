/**
 * Code for an app under test that plays the part of Azure's host which checks function keys: it adds the name of the
 * accepted key to the claims of the request. The embedded host checks no keys. Here, each key's name is the key itself.
 * The code takes effect when the app starts.
 */
export const tellKeyNames = `
import { createRequire } from 'node:module';
import { app as functionApp } from '@azure/functions';
functionApp.hook.appStart(() => {
  const model = createRequire(import.meta.url)('@azure/functions-core').getProgrammingModel();
  const { getInvocationModel } = model;
  model.getInvocationModel = (invocation) => {
    for (const { data } of invocation.request.inputData ?? []) {
      const headers = data?.http?.nullableHeaders ?? {};
      const value = headers['x-functions-key']?.value ?? data?.http?.headers?.['x-functions-key'];
      if (value === undefined) continue;
      const claims = [{ type: 'http://schemas.microsoft.com/2017/07/functions/claims/keyid', value }];
      data.http.identities = [{ authenticationType: { value: 'WebJobsAuthLevel' }, claims }];
    }
    return getInvocationModel.call(model, invocation);
  };
});
`;
