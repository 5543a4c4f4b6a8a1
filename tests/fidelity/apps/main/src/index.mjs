import { app } from '@azure/functions';
import './routes.mjs';
import './answers.mjs';
import './hooks.mjs';

app.setup({ enableHttpStream: process.env.FIDELITY_STREAMING === '1' });
