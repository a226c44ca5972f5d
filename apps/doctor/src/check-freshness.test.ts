import { describe, expect, test } from 'vitest';
import { checkFreshness } from './check-freshness.ts';
import { deploymentThatSays, NOW_SECONDS, scrapeText } from './deployment-fixture.ts';

const AGE = 'gatewayz_health_data_age_seconds';
const LAST = 'gatewayz_health_service_last_successful_scrape';

/** The result where the lines that begin so are this one, or gone. */
async function check(start = 'nothing', line: string | null = null): Promise<unknown> {
  const text = scrapeText((own) => (own.startsWith(start) ? line : own));
  return checkFreshness(deploymentThatSays({ text }));
}

describe('the check of freshness', () => {
  test('is ok where every endpoint answered of late', async () => {
    expect(await check()).toEqual({ status: 'ok', answer: 'the last whole poll was 2 s ago' });
  });

  test.each(['89.9', '90.0'])('is ok at an age of %s s, within three intervals', async (age) => {
    expect(await check(`${AGE}{endpoint="/status"}`, `${AGE}{endpoint="/status"} ${age}`)).toMatchObject({
      status: 'ok',
    });
  });

  test('fails beyond three intervals, and names the endpoint', async () => {
    expect(await check(`${AGE}{endpoint="/status"}`, `${AGE}{endpoint="/status"} 91.0`)).toMatchObject({
      status: 'fail',
      answer: '/status answered 91 s ago',
    });
  });

  test('fails where an endpoint never answered', async () => {
    expect(await check(`${AGE}{endpoint="/cache/stats"}`)).toMatchObject({
      status: 'fail',
      answer: 'no poll of /cache/stats has been answered yet',
    });
  });

  test.each([
    [`${LAST} ${NOW_SECONDS - 91}.0`, 'the last whole poll was 91 s ago'],
    [`${LAST} NaN`, 'the last whole poll was NaN s ago'],
    [null, 'no poll has been answered as a whole yet'],
  ])('fails where the last whole poll is %s', async (line, answer) => {
    expect(await check(`${LAST} `, line)).toMatchObject({ status: 'fail', answer });
  });
});
