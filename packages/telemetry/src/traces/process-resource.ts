import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';

/** What makes the spans, as OpenTelemetry's SDK tells it: the attributes given, and those of the SDK itself. */
export function createProcessResource(attributes: Readonly<Record<string, string>>): Resource {
  return defaultResource().merge(resourceFromAttributes(attributes));
}
