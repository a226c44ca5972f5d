import { type CheckedFile, checkFile, countStatuses, hasFailed } from './check-dashboards/check-files.ts';
import { toReport } from './check-dashboards/print-report.ts';
import { createPrometheusApi, PrometheusUnreachableError } from './check-dashboards/prometheus-api.ts';
import { type CheckArguments, readArguments, USAGE, UsageError } from './check-dashboards/read-arguments.ts';

const EXIT_FAILED = 1;
const EXIT_UNCHECKED = 2;
const SECONDS_AN_HOUR = 3600;

async function check({ files, prometheus, hours }: CheckArguments): Promise<readonly CheckedFile[]> {
  const to = Date.now() / 1000;
  const span = { from: to - hours * SECONDS_AN_HOUR, to };
  const api = createPrometheusApi(prometheus, span, process.env.PROMETHEUS_TOKEN || null);
  // Asked first, so that a Prometheus that is not there is said once.
  await api.run('vector(1)');
  const checked: CheckedFile[] = [];
  for (const file of files) checked.push(await checkFile(api, file, hours));
  return checked;
}

try {
  const given = readArguments(process.argv.slice(2), process.env);
  const files = await check(given);
  console.log(
    given.isJson ? JSON.stringify({ summary: countStatuses(files), files }, null, 2) : toReport(files),
  );
  if (hasFailed(files, given.isStrict)) process.exitCode = EXIT_FAILED;
} catch (error) {
  if (!(error instanceof UsageError || error instanceof PrometheusUnreachableError)) throw error;
  console.error(error instanceof UsageError ? `${error.message}\n${USAGE}` : error.message);
  process.exitCode = EXIT_UNCHECKED;
}
