import { AzureFunctionsInstrumentation } from '@azure/functions-opentelemetry-instrumentation';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

// This must run before @azure/functions is loaded for the first time, because the instrumentation registers its hooks
// while that library loads.
new NodeTracerProvider().register();
registerInstrumentations({ instrumentations: [new AzureFunctionsInstrumentation()] });
