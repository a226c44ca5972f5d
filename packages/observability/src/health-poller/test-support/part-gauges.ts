import { healthServiceCatalogue } from '../health-service-catalogue.ts';
import type { PollerRig } from './poller-rig.ts';

const OF_NO_PART = [
  'gatewayz_health_service_up',
  'gatewayz_health_service_last_successful_scrape',
  'gatewayz_health_data_age_seconds',
];

/** The gauges that a scrape shows of what the endpoints answered, as name, label value and number. */
export async function readPartGauges({ scraped }: PollerRig): Promise<readonly string[]> {
  const shown: string[] = [];
  for (const { name, type } of healthServiceCatalogue) {
    if (type !== 'gauge' || OF_NO_PART.includes(name)) continue;
    for (const series of await scraped(name)) shown.push(`${name} ${series}`);
  }
  return shown;
}

/** The same for the fake health service where nothing is scripted. */
export const HEALTHY_GAUGES: readonly string[] = [
  'gatewayz_health_monitoring_active 1',
  'gatewayz_availability_monitoring_active 1',
  'gatewayz_health_check_interval_seconds 300',
  'gatewayz_health_tracked_models 120',
  'gatewayz_health_tracked_providers 12',
  'gatewayz_health_tracked_gateways 3',
  'gatewayz_availability_cache_size 118',
  'gatewayz_health_total_models 150',
  'gatewayz_health_total_providers 14',
  'gatewayz_health_total_gateways 4',
  'gatewayz_health_tracked_models_count 121',
  'gatewayz_health_active_incidents 2',
  'gatewayz_health_status_distribution healthy 110',
  'gatewayz_health_status_distribution degraded 6',
  'gatewayz_health_status_distribution down 3',
  'gatewayz_health_status_distribution unknown 1',
  'gatewayz_health_cache_available redis 1',
  'gatewayz_health_cache_available system_health 1',
  'gatewayz_health_cache_available providers_health 1',
  'gatewayz_health_cache_available models_health 0',
];
