import { type BreakerNews, isStanding } from './breaker-relay.ts';

/** What workers have told of breakers and still holds, for a worker that starts. */
export class BreakerBoard {
  readonly #news = new Map<string, BreakerNews>();

  put(news: BreakerNews): void {
    const breaker = JSON.stringify([news.provider, news.model]);
    this.#news.delete(breaker);
    if (isStanding(news)) this.#news.set(breaker, news);
  }

  standing(): readonly BreakerNews[] {
    for (const [breaker, news] of this.#news) if (!isStanding(news)) this.#news.delete(breaker);
    return [...this.#news.values()];
  }
}
