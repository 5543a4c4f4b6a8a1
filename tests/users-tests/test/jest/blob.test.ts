import { trustStoreFrom } from '@certgate/azure-functions';

// Jest runs CommonJS, where `import()` is an error. First the package is not installed, and then Jest's registry has
// this double.
const storage = {
  BlobServiceClient: class {},
  BlobClient: class {
    constructor(readonly url: string) {}
    download = () => Promise.reject(new Error('the double was asked'));
  },
};
const address = 'blob:https://corp.blob.core.windows.net/trust/trust.json';

it('says which package a blob needs, and opens a blob once Jest knows the packages', async () => {
  await expect(trustStoreFrom(address).start?.()).rejects.toThrow(/npm install @azure\/storage-blob/);

  jest.doMock('@azure/storage-blob', () => storage, { virtual: true });
  jest.doMock('@azure/identity', () => ({ DefaultAzureCredential: class {} }), { virtual: true });
  const store = trustStoreFrom(address);
  await store.start?.();
  expect(store.report?.().fault).toMatch(/the double was asked/);
});
