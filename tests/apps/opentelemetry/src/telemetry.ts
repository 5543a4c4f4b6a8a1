import { AzureFunctionsInstrumentation } from '@azure/functions-opentelemetry-instrumentation';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

// Before @azure/functions is loaded for the first time: its hooks are registered while the library loads.
new NodeTracerProvider().register();
registerInstrumentations({ instrumentations: [new AzureFunctionsInstrumentation()] });
