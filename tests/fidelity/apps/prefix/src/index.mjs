import { app } from '@azure/functions';

app.setup({ enableHttpStream: process.env.FIDELITY_STREAMING === '1' });
app.get('Hello', () => ({ body: 'hello' }));
